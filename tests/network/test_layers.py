"""Layers over time, and the states between them."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.network.layers import join_states, slice_state, stack, stack_parameters, zero_state
from charrnn.settings import ModelSettings
from tests.random_models import random_weights


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("library", [np, torch])
def test_a_zero_state_has_the_shapes_type_and_library_of_the_weights(cell, library):
    """A state in float64 that turns all that follows into float64; one of another cell."""
    settings = ModelSettings(cell=cell, hidden_size=6, layers=3)
    like = library.ones(2, dtype=library.float32)
    state = zero_state(settings, like, 4)
    assert [len(layer) for layer in state] == [len(CELLS[cell].states)] * 3
    shapes = CELLS[cell].state_shapes(6) * 3
    for shape, array in zip(shapes, (a for layer in state for a in layer), strict=True):
        assert (type(array), array.dtype) == (type(like), like.dtype)
        assert array.shape == (4, *shape)
        assert not array.any()


def test_a_layer_has_its_own_weights():
    """Weights of the layer below, of the other direction, or of the decoder."""
    settings = ModelSettings(task="label", hidden_size=4, bidirectional=True)
    weights = random_weights(stack_parameters(settings, [3, 8]))
    for direction in "", "reverse.":
        for number, layer in enumerate(stack(settings, weights, direction=direction)):
            assert len(layer.weights) == 4
            for name, weight in layer.weights.items():
                assert weight is weights[f"layers.{number}.{direction}{name}"]


def test_the_slices_of_a_state_join_to_the_whole():
    """A state that is sliced or joined along the wrong dimension, or copied without need."""
    rng = np.random.default_rng(0)
    state = tuple(tuple(rng.normal(size=(5, 3)) for _ in range(2)) for _ in range(2))
    parts = [slice_state(state, part) for part in (slice(0, 2), slice(2, 3), slice(3, 5))]
    for layer, joined in zip(state, join_states(parts), strict=True):
        for array, other in zip(layer, joined, strict=True):
            np.testing.assert_array_equal(other, array)
    assert join_states([state]) is state
