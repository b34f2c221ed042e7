"""Residual connections around the layers of every network."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import loop
from charrnn.network.text_encoder import TextEncoder
from charrnn.settings import ModelSettings
from tests.random_models import random_weights, untrained_module

V, H = 7, 6


def normalized(x, scale):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * scale


def by_hand(encoder, ids, ways):
    """The outputs (S, F) of one text: each layer reads it normalised, and adds to it."""
    w, x = encoder.weights, encoder.weights["embedding.weight"][ids]
    x = x @ w["layers.input.weight"].T
    for number, layer in enumerate(encoder.layers):
        read = []
        for way, prefix in ways:
            weights = {n: w[f"layers.{number}.{prefix}{n}"] for n in layer.weights}
            seen = normalized(x, w[f"layers.{number}.{prefix}norm"])[::way, None]
            read.append(loop(layer.cell, weights, seen, (np.zeros((1, H), "f"),) * 2)[0][::way, 0])
        x = x + np.concatenate(read, axis=1)
    return normalized(x, w["layers.norm"])


@pytest.mark.parametrize("bidirectional", [False, True])
def test_an_encoder_adds_what_each_layer_reads(bidirectional):
    """A sum with the normalised input; a norm of the other direction; padding that counts."""
    settings = ModelSettings(
        task="label", hidden_size=H, embedding_size=4, layers=3, residual=True,
        bidirectional=bidirectional, dropout=0.0,
    )  # fmt: skip
    encoder = TextEncoder(settings, random_weights(TextEncoder.parameters(settings, V)))
    lengths = np.array([5, 2, 7])
    ids = np.random.default_rng(1).integers(V, size=(9, 3))
    outputs, _ = encoder.encode(ids, lengths)
    ways = ((1, ""), (-1, "reverse."))[: 1 + bidirectional]
    for column, length in enumerate(lengths):
        expected = by_hand(encoder, ids[:length, column], ways)
        np.testing.assert_allclose(outputs[:length, column], expected, rtol=1e-4, atol=1e-5)


def test_the_input_is_projected_only_where_sizes_differ():
    """A product more than needed, or tied weights that do not fit."""
    same = ModelSettings(residual=True, hidden_size=H, embedding_size=H, tie_weights=True)
    other = ModelSettings(residual=True, hidden_size=H, embedding_size=4)
    assert "layers.input.weight" not in LanguageModel.parameters(same, V)
    assert LanguageModel.parameters(other, V)["layers.input.weight"].shape == (H, 4)
    assert LanguageModel.parameters(other, V)["layers.0.weight_ih"].shape == (4 * H, H)


def test_dropout_spares_what_is_added_to():
    """A unit that is dropped with all that lower layers know of it."""
    model = untrained_module(V, residual=True, hidden_size=H, embedding_size=4, layers=2)
    ids, network = torch.randint(V, (5, 3)), model.network
    dropped, _ = network.forward(ids, network.zero_state(3), [torch.zeros(1, 3, H)] * 2)
    x = model.weights["embedding.weight"][ids] @ model.weights["layers.input.weight"].T
    torch.testing.assert_close(dropped, network.logits(x))


@pytest.mark.parametrize("cell", ["lstm", "elman", "rglru"])
def test_eight_layers_learn(cell):
    """A deep network whose lower layers get no gradient, or that diverges at once."""
    model = untrained_module(V, cell=cell, residual=True, hidden_size=16, layers=8)
    ids = torch.arange(40)[:, None] ** 2 % V  # its period is 7
    adam = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(30):
        logits, _ = model.network.forward(ids[:-1], model.network.zero_state(1))
        loss = cross_entropy(logits[:, 0], ids[1:, 0])
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss < 0.3
    norms = [float(model.weights[f"layers.{n}.weight_ih"].grad.norm()) for n in (0, 7)]
    assert 0.05 < norms[0] / norms[1] < 20
