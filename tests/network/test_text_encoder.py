"""Layers in both directions over a padded batch, beside each text read by hand."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.network.layers import loop
from charrnn.network.recurrent_encoder import boundary_states, gather
from charrnn.network.text_encoder import TextEncoder
from charrnn.settings import ModelSettings
from tests.random_models import random_weights

V, H = 7, 12
LENGTHS = np.array([5, 1, 9, 3])


def test_rows_are_those_at_the_indices():
    """A row of another sequence."""
    x, indices = np.arange(5 * 3 * 2.0).reshape(5, 3, 2), np.array([[4, 0, 2], [1, 1, 3]])
    expected = np.take_along_axis(x, indices[..., None], 0)
    assert np.array_equal(gather(x, indices), expected)
    assert np.array_equal(gather(torch.tensor(x), torch.tensor(indices)), expected)


def encoder_of(cell, **changes):
    """A NumPy encoder of random weights."""
    settings = ModelSettings(
        task="label", cell=cell, hidden_size=H, embedding_size=5, dropout=0.0, **changes
    )
    return TextEncoder(settings, random_weights(TextEncoder.parameters(settings, V)))


def padded_ids():
    """Ids (S, B) of four texts, with tokens of no meaning behind each."""
    return np.random.default_rng(1).integers(V, size=(LENGTHS.max() + 2, len(LENGTHS)))


def by_hand(encoder, ids):
    """The outputs (S, F) of one text (S,): each layer reads it once, and once reversed."""
    settings, weights = encoder.settings, encoder.weights
    x = np.eye(V, dtype="f")[ids] if settings.one_hot else weights["embedding.weight"][ids]
    cell = CELLS[settings.cell]
    zeros = tuple(np.zeros((1, *shape), "f") for shape in cell.state_shapes(H))
    for number in range(settings.layers):
        read = []
        for way, prefix in ((1, ""), (-1, "reverse."))[: 1 + settings.bidirectional]:
            names = cell.parameters(1, 1)
            layer = {name: weights[f"layers.{number}.{prefix}{name}"] for name in names}
            outputs, _ = loop(cell, layer, x[::way, None], zeros)
            read.append(outputs[::way, 0])
        x = np.concatenate(read, axis=1)
    return x


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("changes", [{}, {"bidirectional": True}, {"one_hot": True}])
def test_a_padded_batch_is_each_text_by_hand(cell, changes):
    """A reverse that begins in the padding; a direction that gets the other's weights."""
    encoder, ids = encoder_of(cell, **changes), padded_ids()
    weights = {name: torch.from_numpy(weight) for name, weight in encoder.weights.items()}
    in_torch = TextEncoder(encoder.settings, weights)
    for outputs, mask in (
        encoder.encode(ids, LENGTHS),
        in_torch.encode(torch.from_numpy(ids), torch.from_numpy(LENGTHS)),
    ):
        assert mask.sum(0).tolist() == LENGTHS.tolist()
        for column, length in enumerate(LENGTHS):
            expected = by_hand(encoder, ids[:length, column])
            np.testing.assert_allclose(outputs[:length, column], expected, rtol=1e-4, atol=1e-5)
            assert mask[:length, column].all()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_summary_is_the_state_after_all_of_a_text(bidirectional):
    """The state after the padding, or that of a direction that has read one token."""
    encoder, ids = encoder_of("gru", bidirectional=bidirectional), padded_ids()
    summaries = encoder.summary(*encoder.encode(ids, LENGTHS))
    for column, length in enumerate(LENGTHS):
        outputs = by_hand(encoder, ids[:length, column])
        ends = [outputs[-1, :H], outputs[0, H:]]
        np.testing.assert_allclose(summaries[column], np.concatenate(ends), rtol=1e-4, atol=1e-5)


def test_boundary_states_are_taken_one_by_one():
    """A span's first position for its last, or a direction's outputs for the other's."""
    rng = np.random.default_rng(2)
    x, spans = rng.normal(size=(6, 3, 4)), np.sort(rng.integers(0, 6, (2, 5, 3)), axis=0)
    states = boundary_states(x, *spans, hidden=2)
    for token in range(5):
        for column in range(3):
            first, last = spans[:, token, column]
            expected = [*x[last, column, :2], *x[first, column, 2:]]
            assert states[token, column].tolist() == expected


def test_both_directions_of_a_layer_are_torchs():
    """Outputs in another order than torch's."""
    encoder, ids = encoder_of("lstm", bidirectional=True), padded_ids()[:5, :1]
    theirs = torch.nn.LSTM(5, H, num_layers=2, bidirectional=True)
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            kind, _, rest = name.rpartition("_l")
            number, reverse, _ = rest.partition("_reverse")
            prefix = f"layers.{number}." + ("reverse." if reverse else "")
            parameter.copy_(torch.from_numpy(encoder.weights[prefix + kind]))
        x = torch.from_numpy(encoder.weights["embedding.weight"][ids])
        expected, _ = theirs(x)
    outputs, _ = encoder.encode(ids, np.array([5]))
    np.testing.assert_allclose(outputs, expected.numpy(), rtol=1e-5, atol=1e-6)
