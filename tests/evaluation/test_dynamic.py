"""Dynamic evaluation: scored first, then learned from."""

import numpy as np
import pytest
import torch

from charrnn.errors import TextError
from charrnn.evaluation import dynamic
from charrnn.evaluation.dynamic import SEGMENT, evaluate_dynamically
from charrnn.evaluation.loss import evaluate
from charrnn.text.tokenizers import Bytes
from tests.conftest import tale
from tests.random_models import untrained_module

TRAIN = Bytes().encode(tale(600))


@pytest.fixture(autouse=True)
def few_segments(monkeypatch):
    """Measure gradients on less of the training text: that is most of the work."""
    monkeypatch.setattr(dynamic, "_SEGMENTS", 50)
    monkeypatch.setattr(dynamic, "_SAMPLES", 5)


def make(**settings):
    sizes = {"hidden_size": 16, "embedding_size": 16, "dropout": 0.5}
    return untrained_module(256, seed=3, **sizes, **settings)


@pytest.mark.parametrize("kind", [{}, {"tie_weights": True}, {"one_hot": True}])
def test_it_learns_what_it_reads_and_leaves_the_model_alone(kind):
    """Weights that move the wrong way, or for good."""
    model, text = make(**kind), Bytes().encode(tale(1500, seed=1).upper())
    before = model.export()
    static = evaluate(model, text, Bytes())
    found = evaluate_dynamically(model, TRAIN, text, Bytes())
    assert found.loss < static.loss - 0.01
    assert (found.tokens, found.characters) == (static.tokens, static.characters)
    assert all((before[name] == weight).all() for name, weight in model.export().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_segment_is_scored_before_it_is_learned_from():
    """A score that is too good, because the model has seen what it is scored on."""
    model, text = make(), Bytes().encode(tale(1500, seed=1).upper())
    for size in SEGMENT, SEGMENT + 1:  # one segment: nothing has been learned yet
        one = evaluate_dynamically(model, TRAIN, text[:size], Bytes())
        assert one.loss == pytest.approx(evaluate(model, text[:size], Bytes()).loss, rel=1e-5)
    for size in SEGMENT + 2, 3 * SEGMENT:
        more = evaluate_dynamically(model, TRAIN, text[:size], Bytes())
        assert more.tokens == size - 1
        assert more.loss != pytest.approx(evaluate(model, text[:size], Bytes()).loss, rel=1e-5)


def test_a_text_is_always_scored_alike():
    """Dropout that is left on, or a generator that is not seeded."""
    model, text = make(), Bytes().encode(tale(500))
    threads = torch.get_num_threads()
    first, again = (evaluate_dynamically(model, TRAIN, text, Bytes()).loss for _ in range(2))
    assert first == again
    assert torch.get_num_threads() == threads


def test_one_token_cannot_be_scored():
    """0 / 0."""
    with pytest.raises(TextError, match="fewer than two"):
        evaluate_dynamically(make(), TRAIN, np.zeros(1, np.uint8), Bytes())
