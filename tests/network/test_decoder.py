"""The decoder, beside loops over its steps and the positions of its source."""

import numpy as np
import pytest
import torch

from charrnn.cells import CELLS
from charrnn.network.decoder import Decoder, Source
from charrnn.settings import ModelSettings
from tests.random_models import random_weights

S, T, H, F, K = 5, 4, 6, 12, 3
LENGTHS = [5, 1, 3]
ATTENTIONS = ["dot", "additive", "none"]


def decoder_of(attention, cell="elman", layers=3, **changes):
    """A decoder of random weights that reads both directions of an encoder."""
    settings = ModelSettings(
        task="rewrite", cell=cell, attention=attention, hidden_size=H, embedding_size=4,
        layers=layers, bidirectional=True, **changes,
    )  # fmt: skip
    return Decoder(settings, random_weights(Decoder.parameters(settings, K), scale=0.7))


def arrays_of():
    """Outputs (S, B, F) of an encoder, their mask, a summary (B, F), symbols (T, B)."""
    rng = np.random.default_rng(2)
    outputs, summary = rng.normal(size=(S, 3, F)).astype("f"), rng.normal(size=(3, F)).astype("f")
    symbols = rng.integers(0, K + 1, (T, 3))
    return outputs, np.arange(S)[:, None] < LENGTHS, summary, symbols


def attend_by_hand(decoder, outputs, summary, h):
    """The context (F,) and the attention (S,) for a query h (H,), over one text (S, F)."""
    weights, attention = decoder.weights, decoder.settings.attention
    if attention == "none":
        return summary, np.zeros(len(outputs))
    scores = []
    for output in outputs:
        query = weights["attention.query"] @ h
        if attention == "dot":
            scores.append(query @ output / np.sqrt(len(output)))
        else:
            hidden = np.tanh(query + weights["attention.key"] @ output)
            scores.append(weights["attention.score"] @ hidden)
    shares = np.exp(scores) / np.exp(scores).sum()
    context = sum(share * output for share, output in zip(shares, outputs, strict=True))
    return context, shares


def write_by_hand(decoder, outputs, summary, symbols):
    """Logits (T, K + 1) and attention (T, S) of an Elman decoder, for one text without padding."""
    w = decoder.weights
    first = w["decoder.first_state.weight"] @ summary + w["decoder.first_state.bias"]
    state = np.tanh(first).reshape(decoder.settings.layers, H)
    logits, attended = [], []
    for symbol in symbols:
        x, context = w["decoder.embedding.weight"][symbol], []
        for number in range(len(state)):
            layer = {n: w[f"decoder.layers.{number}.{n}"] for n in CELLS["elman"].parameters(1, 1)}
            total = layer["weight_ih"] @ [*x, *context] + layer["bias_ih"]
            x = np.tanh(total + layer["weight_hh"] @ state[number] + layer["bias_hh"])
            state[number] = x
            if number == 0:
                context, shares = attend_by_hand(decoder, outputs, summary, x)
                attended.append(shares)
        logits.append(w["head.weight"] @ [*x, *context] + w["head.bias"])
    return np.array(logits), np.array(attended)


def in_torch(decoder, *arrays):
    """The same decoder and arrays in torch."""
    weights = {name: torch.from_numpy(weight) for name, weight in decoder.weights.items()}
    return Decoder(decoder.settings, weights), *map(torch.from_numpy, arrays)


def in_numpy(decoder, *arrays):
    """The decoder as it is."""
    return decoder, *arrays


@pytest.mark.parametrize("library", [in_numpy, in_torch])
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_attention_is_a_loop_over_positions(attention, library):
    """Attention to padding; a query that meets another step's keys; a score without its scale."""
    decoder, (outputs, mask, summary, _) = decoder_of(attention), arrays_of()
    queries = np.random.default_rng(3).normal(size=(T, 3, H)).astype("f")
    twin, *arrays, x = library(decoder, outputs, mask, summary, queries)
    context, shares = twin.attend(twin.source(*arrays), x)
    for column, length in enumerate(LENGTHS):
        for step in range(T):
            expected, attended = attend_by_hand(
                decoder, outputs[:length, column], summary[column], queries[step, column]
            )
            np.testing.assert_allclose(context[step, column], expected, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(shares[step, column, :length], attended, atol=1e-5)
            assert not shares[step, column, length:].any()


@pytest.mark.parametrize("library", [in_numpy, in_torch])
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_decoder_is_a_loop_over_steps(attention, library):
    """A context of another step; a layer that does not get it; a state that begins at zero."""
    decoder, (outputs, mask, summary, symbols) = decoder_of(attention), arrays_of()
    twin, *arrays, ids = library(decoder, outputs, mask, summary, symbols)
    source = twin.source(*arrays)
    written = twin.write(source, ids)
    steps, state = [], twin.first_state(source)
    for step in range(T):
        logits, state, shares = twin.step(ids[step], state, source)
        steps.append((logits, shares))
    for column, length in enumerate(LENGTHS):
        expected, attended = write_by_hand(
            decoder, outputs[:length, column], summary[column], symbols[:, column]
        )
        np.testing.assert_allclose(written[:, column], expected, rtol=1e-3, atol=1e-4)
        for step, (logits, shares) in enumerate(steps):
            np.testing.assert_allclose(logits[column], expected[step], rtol=1e-3, atol=1e-4)
            np.testing.assert_allclose(shares[column, :length], attended[step], atol=1e-5)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_write_what_a_whole_target_does(cell, residual):
    """A first state whose arrays are exchanged; a cell that a layer of the decoder is not."""
    decoder, (*arrays, symbols) = decoder_of("dot", cell, residual=residual), arrays_of()
    source = decoder.source(*arrays)
    state = decoder.first_state(source)
    assert [len(layer) for layer in state] == [len(CELLS[cell].states)] * 3
    for step, expected in enumerate(decoder.write(source, symbols)):
        logits, state, _ = decoder.step(symbols[step], state, source)
        # that far apart are the sums of one BLAS for one row and for many
        np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_every_symbol_counts(cell):
    """A clock that begins between two ticks, so that no module is ever due: the decoder is dead."""
    decoder, (*arrays, symbols) = decoder_of("dot", cell), arrays_of()
    source, others = decoder.source(*arrays), symbols.copy()
    others[0] = (others[0] + 1) % (K + 1)
    before, after = decoder.write(source, symbols), decoder.write(source, others)
    assert (abs(before - after).max((1, 2)) > 1e-6).all()


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_source_can_be_repeated(attention):
    """A beam whose hypotheses attend to another text."""
    decoder, (*arrays, _) = decoder_of(attention), arrays_of()
    chosen = np.array([2, 0, 0])
    repeated = decoder.source(*arrays).repeated(chosen)
    outputs, mask, summary = arrays
    expected = decoder.source(outputs[:, chosen], mask[:, chosen], summary[chosen])
    for name, array, other in zip(Source._fields, repeated, expected, strict=True):
        if array is None:
            assert other is None, name
        else:
            np.testing.assert_allclose(array, other, rtol=1e-5)
