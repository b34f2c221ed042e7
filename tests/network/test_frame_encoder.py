"""The encoder of frames, beside each clip by itself."""

import numpy as np
import pytest

from charrnn.network.frame_encoder import FrameEncoder
from charrnn.settings import ModelSettings
from tests.network.pictures_by_hand import grid_by_hand
from tests.random_models import random_weights

LENGTHS = np.array([3, 1, 2])


def encoder_of(shape, **changes):
    """An encoder of random weights."""
    settings = ModelSettings(task="label", hidden_size=8, **changes)
    return FrameEncoder(settings, random_weights(FrameEncoder.parameters(settings, shape)))


@pytest.mark.parametrize("shape", [(0, 5), (0, 16, 32)])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_padded_batch_is_each_clip_alone(shape, bidirectional):
    """Frames of another clip; a reverse that begins in the padding."""
    encoder = encoder_of(shape, bidirectional=bidirectional)
    inputs = np.random.default_rng(1).normal(size=(4, 3, *shape[1:])).astype("f")
    outputs, mask = encoder.encode(inputs, LENGTHS)
    assert mask.sum(0).tolist() == LENGTHS.tolist()
    for column, length in enumerate(LENGTHS):
        alone, _ = encoder.encode(inputs[:length, column : column + 1], LENGTHS[column, None])
        np.testing.assert_allclose(outputs[:length, column], alone[:, 0], rtol=1e-4, atol=1e-5)


def test_every_frame_passes_the_convolutions():
    """A frame that is read as another one; cells in another order than the product has them."""
    encoder = encoder_of((0, 16, 32))
    frames = np.random.default_rng(2).normal(size=(2, 2, 16, 32)).astype("f")
    seen = encoder._seen(frames)
    weight, bias = (encoder.weights[f"encoder.frame.{name}"] for name in ("weight", "bias"))
    for step, column in np.ndindex(2, 2):
        cells = grid_by_hand(frames[step, column][None], encoder.weights)
        product = weight @ cells.ravel() + bias
        expected = product / np.sqrt((product**2).mean()) * encoder.weights["encoder.frame.norm"]
        np.testing.assert_allclose(seen[step, column], expected, rtol=1e-3, atol=1e-4)
