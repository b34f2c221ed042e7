"""What a run is scored on, and what cannot be scored."""

from pathlib import Path

import numpy as np
import pytest

from charrnn.errors import DivergedError, TextError, UsageError
from charrnn.evaluation.scoring import (
    STREAM,
    Protocol,
    Subject,
    losses_of,
    part_to_score,
    score_checkpoint,
)
from charrnn.settings import TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.corpus import Corpus
from charrnn.text.tokenizers import Characters
from tests.random_models import untrained_module

TOKENIZER = Characters("ab")


def checkpoint(scale=1.0):
    module = untrained_module(TOKENIZER.size, seed=1, hidden_size=4, embedding_size=4)
    model, weights = module.settings, {n: w * scale for n, w in module.export().items()}
    about = {"run": "r", "model": model, "train": TrainSettings(), "text": TextSettings()}
    where = {"corpus": "c", "corpus_key": "0", "tokenizer": TOKENIZER, "step": 1, "loss": None}
    return Checkpoint(**about, **where, weights=weights)


def corpus_split(split):
    text = TextSettings(split=split)
    return Corpus(Path("c-0"), "0", TOKENIZER, text, (), np.zeros(100, np.uint8))


def score(tokens, scale=1.0):
    return score_checkpoint(checkpoint(scale), tokens, lambda _: None, STREAM, "cpu")


def test_a_protocol_says_what_it_is():
    """A score whose protocol is another's; two protocols at once, of which one is ignored."""
    assert list(map(str, (STREAM, Protocol(16), Protocol(dynamic=True)))) == [
        "stream", "context 16", "dynamic",
    ]  # fmt: skip
    with pytest.raises(UsageError):
        Protocol(16, dynamic=True)


@pytest.mark.parametrize(
    ("split", "asked", "part"),
    [("80/10/10", None, "test"), ("90/10", None, "valid"), ("80/10/10", "train", "train")],
)
def test_the_part_that_training_has_not_seen_is_scored(split, asked, part):
    """A score on the training part that nobody asked for."""
    corpus = corpus_split(split)
    assert part_to_score(corpus, asked) == part


def test_what_cannot_be_scored_is_explained():
    """A loss of nan that is shown as a score; a division by zero tokens."""
    corpus = corpus_split("100/0")
    for part in None, "test":
        with pytest.raises(TextError):
            part_to_score(corpus, part)
    with pytest.raises(TextError):
        score(np.zeros(1, np.uint8))
    assert score(np.zeros(9, np.uint8)).tokens == 8
    with pytest.raises(DivergedError):
        score(np.zeros(9, np.uint8), scale=float("nan"))


def test_losses_are_one_model_s():
    """Losses of a model that changes while it reads; a loss of nan in a table."""
    tokens = np.arange(50, dtype=np.uint8) % 2
    losses = losses_of(Subject(checkpoint(), tokens, {}), lambda _: None, STREAM, "cpu")
    assert losses.mean() == pytest.approx(score(tokens).loss)
    with pytest.raises(UsageError):
        losses_of(Subject(checkpoint(), tokens, {}), lambda _: None, Protocol(dynamic=True))
    with pytest.raises(DivergedError):
        losses_of(Subject(checkpoint(float("nan")), tokens, {}), lambda _: None, STREAM, "cpu")
