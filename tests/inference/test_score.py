"""Scores that NumPy computes are those of `charrnn eval`."""

import math

import numpy as np
import pytest

from charrnn.cells import CELLS
from charrnn.errors import DivergedError, TextError
from charrnn.evaluation.loss import evaluate
from charrnn.inference.score import Score, score
from charrnn.network.language_model import LanguageModel
from charrnn.settings import TextSettings
from charrnn.text.tokenizers import TOKENIZERS, Characters
from tests.conftest import tale
from tests.random_models import untrained_module


def untrained(tokenizer, **settings):
    sizes = {"hidden_size": 8, "embedding_size": 4}
    model = untrained_module(tokenizer.size, seed=4, **sizes, **settings)
    return model, LanguageModel(model.settings, model.export())


LENGTHS = [(cell, n) for cell in CELLS for n in (2, 700)]
LENGTHS += [(cell, 9000) for cell in CELLS if cell == "lstm" or CELLS[cell].alignment > 1]


@pytest.mark.parametrize(("cell", "characters"), LENGTHS)
def test_equals_the_evaluation_in_torch(cell, characters):
    """A first token that is scored, a last one that is not; sequences cut otherwise."""
    text = tale(characters)
    tokenizer = Characters.learn([text], TextSettings())
    model, network = untrained(tokenizer, cell=cell)
    ids = tokenizer.encode(text)
    expected, found = evaluate(model, ids, tokenizer), score(network, ids, tokenizer)
    assert found.loss == pytest.approx(expected.loss, abs=1e-5)
    assert (found.tokens, found.characters) == (characters - 1, characters - 1)
    assert found.bytes == expected.bytes


@pytest.mark.parametrize("kind", [kind for kind in TOKENIZERS if kind != "number"])
def test_bits_are_of_the_text_not_of_the_tokens(kind):
    """Bits per character of a model of bytes that are bits per byte."""
    text = "naïve café\n" * 30
    tokenizer = TOKENIZERS[kind].learn([text], TextSettings())
    _, network = untrained(tokenizer)
    ids = tokenizer.encode(text)
    found = score(network, ids, tokenizer)
    bits = found.loss * found.tokens / math.log(2)
    first = tokenizer.decoder()(int(ids[0]))  # which nothing predicts
    characters, size = len(text[len(first) :]), len(text[len(first) :].encode())
    assert (found.characters, found.bytes) == (characters, size)
    assert found.bits_per_character == pytest.approx(bits / characters)
    assert found.bits_per_byte == pytest.approx(bits / size)
    assert found.perplexity == pytest.approx(math.exp(found.loss))


def test_what_cannot_be_scored_is_an_error():
    """A loss of nan, or a division by zero tokens."""
    tokenizer = Characters("ab")
    _, network = untrained(tokenizer)
    for text in "", "a":
        with pytest.raises(TextError):
            score(network, tokenizer.encode(text), tokenizer)
    network.weights["head.bias"][0] = np.nan
    with pytest.raises(DivergedError):
        score(network, tokenizer.encode("abba"), tokenizer)


def test_a_hopeless_score_can_still_be_shown():
    """An overflow of exp for a large loss, or a perplexity of 305 digits that is none."""
    perplexities = [Score(1, 1, 1, loss).perplexity for loss in (0.0, 709.7, 709.8, 1e6)]
    assert perplexities == [1.0, pytest.approx(math.exp(709.7)), math.inf, math.inf]
