"""What a score says is what it is."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.nn import functional as F

from charrnn.engine import evaluate as module
from charrnn.engine.crew import Crew
from charrnn.engine.dynamic import SEGMENT, evaluate_dynamically
from charrnn.engine.evaluate import evaluate
from charrnn.engine.model import CharRNN
from charrnn.settings import ModelSettings
from charrnn.text.tokenizers import Bytes, Characters
from tests.conftest import tale


def one_by_one(model, ids, windows=None):
    """The mean loss by the definition: a state, a token, a loss at a time."""
    losses = []
    model.eval()
    state = model.zero_state(1)
    with torch.no_grad():
        for step, (token, target) in enumerate(pairwise(ids)):
            if windows and step % windows == 0:
                state = model.zero_state(1)
            logits, state = model(torch.tensor([[int(token)]]), state)
            losses.append(F.cross_entropy(logits[0], torch.tensor([int(target)])).item())
    model.train()
    return np.mean(losses)


@pytest.fixture
def model():
    torch.manual_seed(3)
    return CharRNN(ModelSettings(width=16, embedding=8, dropout=0.5), 256)


@settings(max_examples=15, deadline=None)
@given(size=st.integers(2, 300), windows=st.none() | st.integers(1, 300))
def test_score_equals_the_definition(size, windows):
    """A token scored twice or never, a state not reset, dropout left on."""
    torch.manual_seed(3)
    model = CharRNN(ModelSettings(width=16, embedding=8, dropout=0.5), 256)
    ids = Bytes().encode(tale(size))[:size]
    found = evaluate(model, ids, Bytes(), windows)
    assert found.loss == pytest.approx(one_by_one(model, ids, windows), rel=1e-4)
    assert found.tokens == size - 1
    assert model.training


@pytest.mark.parametrize("cell", ["lstm", "clockwork"])
def test_lanes_side_by_side_score_what_one_stream_does(cell, monkeypatch):
    """Lanes that start cold, overlap, or leave a tail out; clocks that show another time."""
    torch.manual_seed(3)
    model = CharRNN(ModelSettings(cell=cell, width=16, embedding=8, dropout=0.5), 256)
    monkeypatch.setattr(module, "WARM", 64)
    ids = Bytes().encode(tale(3001))
    starts, size, warm = next(module._plan(len(ids) - 1, None))
    assert len(starts) > 5
    assert warm == 64
    assert size * len(starts) >= len(ids) - 1
    found = evaluate(model, ids, Bytes())
    assert found.loss == pytest.approx(one_by_one(model, ids), rel=1e-5)
    assert found.tokens == len(ids) - 1


def test_bits_are_per_character_and_per_byte_of_the_text(model):
    """Bits per token that are called bits per character."""
    text = "né€\n" * 50
    score = evaluate(model, Bytes().encode(text), Bytes())
    assert score.bytes == len(text.encode()) - 1
    assert score.characters == len(text) - 1
    total = score.loss * score.tokens / math.log(2)
    assert score.bits_per_character * score.characters == pytest.approx(total)
    assert score.bits_per_byte * score.bytes == pytest.approx(total)
    tokenizer = Characters.learn([text])
    score = evaluate(model, tokenizer.encode(text), tokenizer)
    assert (score.tokens, score.characters, score.bytes) == (199, 199, 50 * 7 - 1)


def test_one_token_cannot_be_scored(model):
    """0 / 0."""
    with pytest.raises(ValueError, match="fewer than two"):
        evaluate(model, np.zeros(1, np.uint8), Bytes())


def test_dynamic_evaluation_learns_what_it_reads_and_leaves_the_model_alone(model):
    """Weights that move before they are scored, the wrong way, or for good."""
    tokenizer = Bytes()
    train, text = tokenizer.encode(tale(2000)), tokenizer.encode(tale(1500, seed=1).upper())
    before = {name: w.clone() for name, w in model.named_weights().items()}
    static = evaluate(model, text, tokenizer)
    found = evaluate_dynamically(model, train, text, tokenizer)
    assert found.loss < static.loss - 0.01
    assert (found.tokens, found.characters) == (static.tokens, static.characters)
    assert all(torch.equal(before[name], w) for name, w in model.named_weights().items())
    one = evaluate_dynamically(model, train, text[:SEGMENT], tokenizer)  # nothing learned yet
    assert one.loss == pytest.approx(evaluate(model, text[:SEGMENT], tokenizer).loss, rel=1e-5)


@pytest.mark.parametrize("windows", [None, 16])
def test_many_threads_score_what_one_does(model, monkeypatch, windows):
    """A state or a loss that goes to another thread's lanes."""
    monkeypatch.setattr(module, "WARM", 8)
    ids = Bytes().encode(tale(4000))
    alone = evaluate(model, ids, Bytes(), windows)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert Crew(torch.device("cpu"), 64, 16).size > 1
        found = evaluate(model, ids, Bytes(), windows)
    finally:
        torch.set_num_threads(before)
    assert found.loss == pytest.approx(alone.loss, rel=1e-6)
