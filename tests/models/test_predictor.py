"""What models of tasks promise beside their networks: how texts are written, what a score is."""

from dataclasses import replace

import numpy as np
import pytest

from charrnn.inference.decoding import Decoding
from charrnn.models.predictor import Predictor
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tasks import parameters_of
from charrnn.text.tokenizers import Characters
from tests.random_models import random_weights

SYMBOLS = ("x", "y", "z")


def model_of(task, **text):
    """A model of random weights."""
    settings = ModelSettings(task=task, hidden_size=8, embedding_size=4, layers=1)
    about = ("run", settings, TrainSettings(), TextSettings(**text), "corpus", "")
    untrained = Checkpoint(
        *about, tokenizer=Characters(" abcd"), step=1, loss=None, weights={},
        target_vocabulary=SYMBOLS,
    )  # fmt: skip
    weights = random_weights(parameters_of(settings, untrained), seed=3, scale=0.7)
    return Predictor(replace(untrained, weights=weights))


def test_what_is_drawn_for_a_text_follows_from_the_seed_and_its_number():
    """A text that is another one if lines come one by one, or if other lines stand beside it."""
    model, texts = model_of("rewrite"), ["ab", "c", "abcd", "c", "bad"] * 20
    decoding = Decoding(temp=1.0, seed=5)
    together = [found.text for found in model.predict(texts, decoding=decoding)]
    assert len({*together}) > 10
    alone = [
        found.text
        for number, text in enumerate(texts)
        for found in model.predict([text], decoding=replace(decoding, skipped=number))
    ]
    assert alone == together


def test_any_temperature_above_zero_writes():
    """A logit divided by so little that nothing is left."""
    model = model_of("rewrite")
    assert model.predict(["ab"], decoding=Decoding(temp=1e-300, seed=1))[0].text
    assert model.predict(["ab"], decoding=Decoding(temp=1e300, seed=1))[0].text


@pytest.mark.parametrize("task", ["tag", "rewrite"])
def test_targets_that_a_model_lacks_do_not_lower_the_loss(task):
    """Bits that are shared among targets that have none."""
    model, read = model_of(task), [np.array([1, 2, 0, 3, 1])] * 2
    length = 2 if task == "tag" else 5
    targets = [np.zeros(length, np.int64), np.full(length, 3)]
    new = [*SYMBOLS, "new"]
    known, mixed = (model.score(read[:n], targets[:n], names=new) for n in (1, 2))
    if task == "tag":
        assert mixed.loss == pytest.approx(known.loss)
        assert np.isnan(model.score(read[1:], targets[1:], names=new).loss)
        assert mixed.accuracy == known.accuracy / 2
    else:  # the end of a text that is not known has a loss, too
        assert mixed.loss > 0.5 * known.loss
        assert mixed.symbols == 10


def test_tokens_are_divided_as_in_examples():
    """A space that is not one between tokens, at which `predict` divides and `eval` does not."""
    (found,) = model_of("tag").predict(["ab\u00a0c  de\t"])
    assert found.tokens == ["ab\u00a0c", "de"]
    assert len(found.tags) == 2
