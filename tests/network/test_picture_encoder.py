"""The encoder of pictures, beside loops over their pixels."""

from itertools import product

import numpy as np
import pytest
import torch

from charrnn.cells.functions import convolution
from charrnn.network.picture_encoder import PictureEncoder, grid
from charrnn.settings import ModelSettings
from tests.network.pictures_by_hand import grid_by_hand, one_convolution
from tests.random_models import random_weights

PICTURE = (1, 32, 8)


@pytest.mark.parametrize("pool", [(1, 1), (2, 2), (2, 1), (3, 2)])
def test_a_convolution_is_a_sum_over_neighbours(pool):
    """A kernel that is turned, a border that is not zero, rows taken for columns."""
    rng = np.random.default_rng(1)
    pictures, weight = rng.normal(size=(2, 3, 6, 4)), rng.normal(size=(5, 3, 3, 3))
    arrays = pictures.astype("f"), weight.astype("f"), rng.normal(size=5).astype("f")
    outputs = convolution(*arrays, pool)
    in_torch = convolution(*map(torch.from_numpy, arrays), pool)
    for number, picture in enumerate(pictures):
        expected = one_convolution(picture, *arrays[1:], pool)
        np.testing.assert_allclose(outputs[number], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(in_torch[number], expected, rtol=1e-4, atol=1e-5)


def encoder_of(shape, **changes):
    """An encoder of random weights."""
    settings = ModelSettings(task="caption", hidden_size=8, **changes)
    return PictureEncoder(settings, random_weights(PictureEncoder.parameters(settings, shape)))


def test_outputs_are_the_cells_of_the_grid_row_by_row():
    """Cells by columns; a position that belongs to another cell; a layer that is left out."""
    encoder = encoder_of(PICTURE)
    pictures = np.random.default_rng(1).normal(size=(2, *PICTURE)).astype("f")
    outputs, mask = encoder.encode(pictures)
    assert outputs.shape == (4, 2, 8)
    assert grid(PICTURE) == (2, 2)
    assert mask.all()
    assert mask.shape == (4, 2)
    for number, picture in enumerate(pictures):
        features = grid_by_hand(picture, encoder.weights)
        for cell, (row, column) in enumerate(product(range(2), range(2))):
            expected = features[:, row, column] + encoder.weights["encoder.positions"][cell]
            np.testing.assert_allclose(outputs[cell, number], expected, rtol=1e-3, atol=1e-4)


def test_features_are_read_cell_by_cell():
    """A cell that sees its neighbour; a number below zero that is kept."""
    encoder = encoder_of((3, 5))
    features = np.random.default_rng(1).normal(size=(2, 3, 5)).astype("f")
    outputs, mask = encoder.encode(features)
    weights = encoder.weights
    assert mask.all()
    for number, cell in product(range(2), range(3)):
        product_ = weights["encoder.features.weight"] @ features[number, cell]
        rectified = np.maximum(0, product_ + weights["encoder.features.bias"])
        expected = rectified + weights["encoder.positions"][cell]
        np.testing.assert_allclose(outputs[cell, number], expected, rtol=1e-5, atol=1e-6)


def test_a_summary_is_the_mean_or_a_product_of_all_cells():
    """Cells that are flattened in another order than the weights have; features that are mixed."""
    outputs = np.random.default_rng(2).normal(size=(4, 2, 8)).astype("f")
    mask = np.ones((4, 2), bool)
    mean = encoder_of(PICTURE).summary(outputs, mask)
    np.testing.assert_allclose(mean, sum(outputs) / 4, rtol=1e-5, atol=1e-6)
    encoder = encoder_of(PICTURE, attention="none")
    weight = encoder.weights["encoder.summary.weight"].reshape(8, 4, 8)  # outputs, cells, features
    summaries = encoder.summary(outputs, mask)
    for number in range(2):
        total = sum(weight[:, cell] @ outputs[cell, number] for cell in range(4))
        np.testing.assert_allclose(summaries[number], np.tanh(total / 2), rtol=1e-4)


def test_a_product_of_all_cells_does_not_saturate():
    """A product so large that every picture looks the same."""
    from charrnn.engine.module import Module

    torch.manual_seed(1)
    settings = ModelSettings(task="caption", attention="none", hidden_size=48)
    parameters = PictureEncoder.parameters(settings, (1, 32, 128))
    encoder = Module(settings, parameters, PictureEncoder).network
    with torch.no_grad():
        outputs, mask = encoder.encode(torch.rand(8, 1, 32, 128) * 2 - 1)
        summary = encoder.summary(outputs, mask)
    assert summary.abs().mean() < 0.5
    assert summary.abs().max() < 0.95
