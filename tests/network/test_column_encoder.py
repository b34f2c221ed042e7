"""The encoder of columns, beside each picture by itself and each column by itself."""

import numpy as np

from charrnn.network.column_encoder import ColumnEncoder
from charrnn.network.picture_encoder import convolved
from charrnn.settings import ModelSettings
from tests.random_models import random_weights


def encoder_of(shape, **changes):
    """An encoder of random weights."""
    settings = ModelSettings(task="caption", hidden_size=8, layers=1, **changes)
    return ColumnEncoder(settings, random_weights(ColumnEncoder.parameters(settings, shape)))


def test_columns_are_read_from_left_to_right():
    """Columns that are rows, or in another order; rows of other columns; a neighbour's features.

    What stands to the right of a column changes nothing before it.
    """
    encoder = encoder_of((5, 3))
    inputs = np.random.default_rng(1).normal(size=(3, 5, 3)).astype("f")
    outputs, mask = encoder.encode(inputs)
    assert outputs.shape == (5, 3, 8)
    assert mask.all()
    alone, _ = encoder.encode(inputs[1:2])
    np.testing.assert_allclose(outputs[:, 1:2], alone, rtol=1e-4, atol=1e-5)
    inputs[:, -1] += 1
    others, _ = encoder.encode(inputs)
    np.testing.assert_array_equal(outputs[:-1], others[:-1])
    assert (outputs[-1] != others[-1]).any(-1).all()


def test_the_first_layer_reads_all_rows_of_a_column():
    """Rows and filters that the weights have in another order than the picture."""
    encoder = encoder_of((1, 32, 16))
    inputs = np.random.default_rng(2).normal(size=(2, 1, 32, 16)).astype("f")
    seen = convolved(inputs, encoder.weights)
    columns = np.stack([seen[:, :, :, n].reshape(2, -1) for n in range(4)])
    expected, _ = encoder.read(columns, np.array([4, 4]), [])
    outputs, _ = encoder.encode(inputs)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)
