"""The head for labels, beside a mean and a maximum over each text alone."""

import numpy as np

from charrnn.network.labels import LabelHead
from charrnn.settings import ModelSettings
from tests.random_models import random_weights


def test_logits_are_of_the_mean_and_the_maximum_of_each_text():
    """Padding that is averaged, or taken for the largest; the maximum before the mean."""
    settings = ModelSettings(task="label", hidden_size=4)
    weights = random_weights(LabelHead.parameters(settings, 3))
    outputs = np.random.default_rng(1).normal(-1, 1, (6, 3, 4)).astype("f")
    lengths = [6, 1, 4]
    logits = LabelHead(settings, weights).logits(outputs, np.arange(6)[:, None] < lengths)
    for column, length in enumerate(lengths):
        text = outputs[:length, column]
        features = np.array([*text.mean(0), *text.max(0)])
        expected = weights["head.weight"] @ features + weights["head.bias"]
        np.testing.assert_allclose(logits[column], expected, rtol=1e-5)
