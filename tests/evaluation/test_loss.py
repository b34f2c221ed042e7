"""The mean loss of a network over a text is what its definition says."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.nn import functional as F

from charrnn.cells import CELLS
from charrnn.engine.threads import BatchThreads
from charrnn.errors import TextError
from charrnn.evaluation.loss import _batches, evaluate, token_losses
from charrnn.settings import TextSettings
from charrnn.text.tokenizers import Bytes, Characters
from tests.conftest import tale
from tests.random_models import untrained_module


def make(cell="lstm"):
    return untrained_module(256, seed=3, cell=cell, hidden_size=16, embedding_size=8, dropout=0.5)


def forgetful(model):
    """The model with weights so small that its state forgets, as a trained one's does."""
    decays = {"bias_step": 1.0, "decay": 1.0, "bias_gates": -3.0}  # of cells without weight_hh
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.mul_(0.25 if name.endswith("weight_hh") else 1)
            if name.rpartition(".")[2] in decays:
                weight.fill_(decays[name.rpartition(".")[2]])
    return model


@pytest.fixture
def model():
    return make()


def one_by_one(model, ids, context):
    """The losses by the definition: a state, a token, a loss at a time."""
    losses = []
    state = model.network.zero_state(1)
    with torch.no_grad():
        for step, (token, target) in enumerate(pairwise(ids)):
            if context and step % context == 0:
                state = model.network.zero_state(1)
            logits, state = model.network.forward(torch.tensor([[int(token)]]), state)
            losses.append(F.cross_entropy(logits[0], torch.tensor([int(target)])).item())
    return np.array(losses)


def stream(model, ids):
    """The mean loss of one sequence that reads the whole text."""
    with torch.no_grad():
        logits, _ = model.network.forward(
            torch.tensor(ids[:-1, None].astype(int)), model.network.zero_state(1)
        )
        return F.cross_entropy(logits[:, 0], torch.tensor(ids[1:].astype(int))).item()


@settings(max_examples=25)
@given(size=st.integers(2, 300), context=st.none() | st.integers(1, 300))
def test_a_score_equals_the_definition(size, context):
    """A token that is scored twice or never, or a state that is not reset."""
    model, ids = make(), Bytes().encode(tale(size))[:size]
    found = evaluate(model, ids, Bytes(), context=context)
    expected = one_by_one(model, ids, context)
    assert found.loss == pytest.approx(expected.mean(), rel=1e-5)
    assert found.tokens == size - 1
    np.testing.assert_allclose(token_losses(model, ids, context), expected, rtol=1e-4)


@pytest.mark.parametrize("context", [None, 100])
def test_a_score_over_many_batches_and_chunks_equals_the_definition(model, context):
    """A state lost between two chunks, or a last batch that is left out."""
    ids = Bytes().encode(tale(40_000))
    text = ids[:2000] if context is None else ids
    if context is None:  # one sequence of several chunks
        assert len(next(_batches(model, len(text) - 1, None))[0]) == 1
        expected = stream(model, text)
    else:
        assert len(list(_batches(model, len(text) - 1, context))) > 1
        pieces = [text[first : first + context + 1] for first in range(0, len(text) - 1, context)]
        total = sum(stream(model, piece) * (len(piece) - 1) for piece in pieces)
        expected = total / (len(text) - 1)
    found = evaluate(model, text, Bytes(), context=context)
    assert found.loss == pytest.approx(expected, rel=1e-6)
    assert found.tokens == len(text) - 1


@pytest.mark.parametrize("cell", CELLS)
def test_sequences_side_by_side_score_what_one_stream_does(cell):
    """Sequences that start cold, overlap, or leave a tail out; a clock that shows another time."""
    model = forgetful(make(cell).to(torch.float64))
    ids = Bytes().encode(tale(2 * 4 * CELLS[cell].warm_up + 500))
    starts, size, warm_up = next(_batches(model, len(ids) - 1, None))
    assert len(starts) == 2
    assert (starts % CELLS[cell].alignment == 0).all()
    assert warm_up == CELLS[cell].warm_up
    assert starts[-1] < len(ids) - 1 <= starts[-1] + size
    found = evaluate(model, ids, Bytes())
    assert found.loss == pytest.approx(stream(model, ids), rel=1e-7)
    assert found.tokens == len(ids) - 1


def test_losses_of_sequences_side_by_side_are_in_the_order_of_the_text():
    """The losses of the second sequence before the end of the first."""
    model = forgetful(make())
    ids = Bytes().encode(tale(3 * 4 * 256 + 300))
    assert len(next(_batches(model, len(ids) - 1, None))[0]) == 3
    with torch.no_grad():
        logits, _ = model.network.forward(
            torch.tensor(ids[:-1, None].astype(int)), model.network.zero_state(1)
        )
        targets = torch.tensor(ids[1:].astype(int))
        expected = F.cross_entropy(logits[:, 0], targets, reduction="none").numpy()
    np.testing.assert_allclose(token_losses(model, ids), expected, rtol=1e-4)


@pytest.mark.parametrize("context", [None, 16])
def test_many_threads_score_what_one_does(model, context):
    """A state or a loss that goes to another thread's part of the batch."""
    ids = Bytes().encode(tale(66_000))
    alone = evaluate(model, ids, Bytes(), context=context)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert BatchThreads(torch.device("cpu"), 64, 16).size > 1
        assert len(next(_batches(model, len(ids) - 1, context))[0]) >= 64
        found = evaluate(model, ids, Bytes(), context=context)
    finally:
        torch.set_num_threads(before)
    assert found.loss == pytest.approx(alone.loss, rel=1e-6)


def test_bits_are_per_character_and_per_byte_of_the_text(model):
    """Bits per token that are called bits per character."""
    text = "né€\n" * 50
    score = evaluate(model, Bytes().encode(text), Bytes())
    assert score.bytes == len(text.encode()) - 1
    assert score.characters == len(text) - 1
    total = score.loss * score.tokens / math.log(2)
    assert score.bits_per_character * score.characters == pytest.approx(total)
    assert score.bits_per_byte * score.bytes == pytest.approx(total)
    tokenizer = Characters.learn([text], TextSettings())
    score = evaluate(model, tokenizer.encode(text), tokenizer)
    assert (score.tokens, score.characters, score.bytes) == (199, 199, 50 * 7 - 1)


def test_ids_beyond_the_vocabulary_are_an_error(model):
    """torch's own message about an index, for a corpus that is damaged."""
    with pytest.raises(TextError):
        evaluate(model, np.array([1, 2, 256], np.uint16), Bytes())


@pytest.mark.parametrize("context", [None, 7])
def test_progress_ends_with_the_last_token(model, context):
    """A bar that stops short of its end, or goes past it."""
    events = []
    ids = Bytes().encode(tale(5000))
    evaluate(model, ids, Bytes(), context, events.append)
    done = [event.done for event in events]
    assert done == sorted(done)
    assert (done[-1], {event.total for event in events}) == (len(ids) - 1, {len(ids) - 1})


def test_bf16_is_used_only_where_it_is_asked_for(model):
    """A reported score whose products were rounded to 8 bits; a validation that is slow."""
    ids = Bytes().encode(tale(3000))
    exact = evaluate(model, ids, Bytes()).loss
    rounded = evaluate(model, ids, Bytes(), bf16=True).loss
    assert exact == pytest.approx(stream(model, ids), rel=1e-6)
    assert 1e-7 < abs(rounded / exact - 1) < 1e-2


def test_one_token_cannot_be_scored(model):
    """0 / 0."""
    with pytest.raises(TextError, match="fewer than two"):
        evaluate(model, np.zeros(1, np.uint8), Bytes())
