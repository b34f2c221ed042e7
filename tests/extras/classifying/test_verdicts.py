"""Texts are given to the run that needs the fewest bits for them, whatever is read beside them."""

import math
from itertools import pairwise

import numpy as np
import pytest

from charrnn.cells import CELLS
from charrnn.cells.arrays import cross_entropy
from charrnn.errors import DivergedError, TextError
from charrnn.extras.classifying import reading, verdicts
from charrnn.extras.classifying.reading import UNKNOWN_BITS, Reader
from charrnn.extras.classifying.verdicts import Accuracy, Given, Verdict, verdicts_on
from charrnn.inference.sampling import start_of
from charrnn.text.tokenizers import END, Bytes, Characters
from tests.conftest import tale
from tests.random_models import random_checkpoint

LETTERS = Characters("".join(sorted(set(tale(3000)))))


def run_of(tokenizer, cell="lstm", seed=1):
    return random_checkpoint(tokenizer, seed, cell=cell, hidden_size=8, embedding_size=4)


def untrained(tokenizer, cell="lstm"):
    return Reader(run_of(tokenizer, cell))


def one_by_one(reader, text):
    """The bits by the definition: a fresh start, and a token at a time."""
    network, tokenizer = reader.network, reader.tokenizer
    ids = tokenizer.encode(start_of(tokenizer) + text)
    state, total = network.zero_state(), 0.0
    for token, target in pairwise(ids):
        logits, state = network.step(int(token), state)
        total += float(cross_entropy(logits[None], np.array([target]))[0])
    return total / math.log(2)


@pytest.mark.parametrize("cell", CELLS)
def test_bits_do_not_depend_on_what_is_read_beside_a_text(cell):
    """Padding that counts; a state that goes on into another text; a first token that is free."""
    reader, text = untrained(LETTERS, cell), tale(3000)
    texts = [text[place : place + size] for place, size in [(0, 150), (9, 1), (50, 64), (7, 0)]]
    found = reader.bits(texts, "error")
    expected = [one_by_one(reader, text) for text in texts]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert found[3] == 0


@pytest.mark.parametrize("many", [1, 1 << 30])
@pytest.mark.parametrize("cell", ["lstm", "clockwork", "mingru"])
def test_long_texts_are_read_in_sequences(cell, many, monkeypatch):
    """A sequence without the tokens before it; a bar that ends before the work, or never."""
    monkeypatch.setattr(reading, "_LONG", 2100)
    monkeypatch.setattr(reading, "_MANY", many)
    reader, text, events = untrained(LETTERS, cell), tale(2500), []
    found = reader.bits([text[:40], text, text[:2100]], "error", events.append)
    expected = [one_by_one(reader, part) for part in (text[:40], text, text[:2100])]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    done = [event.done for event in events]
    assert done == sorted(done)
    assert done[-1] == events[-1].total == 40 + 2500 + 2100


def test_many_texts_keep_their_order():
    """Texts sorted by their lengths, whose bits come back in that order."""
    reader, text = untrained(LETTERS), tale(3000)
    texts = [text[place : place + place % 37] for place in range(150)]
    found = reader.bits(texts, "error")
    alone = [reader.bits([text], "error")[0] for text in texts[::29]]
    np.testing.assert_allclose(found[::29], alone, rtol=1e-5)


def test_a_model_with_documents_starts_after_the_end_of_one():
    """A name that is read as if it stood in the middle of a text."""
    tokenizer = Characters("\nab" + END)
    reader = untrained(tokenizer)
    network, ids = reader.network, tokenizer.encode(END + "ab")
    run = network.trace(ids[:-1], network.zero_state())
    expected = cross_entropy(run.logits, ids[1:]).sum() / math.log(2)
    assert reader.bits(["ab"], "error")[0] == pytest.approx(expected)


def test_an_unknown_character_does_not_favour_a_run():
    """A run that wins because it cannot read half of the text."""
    reader = untrained(LETTERS)
    plain, strange = reader.bits(["the sea", "the Ωsea"], "skip")
    assert strange - plain == pytest.approx(UNKNOWN_BITS)
    assert 17.1 < UNKNOWN_BITS < 17.3
    (only,) = reader.bits(["ΩΩ"], "skip")
    assert only == pytest.approx(2 * UNKNOWN_BITS)
    nearest, none_near = reader.bits(["the sèa", "the Ωsea"], "nearest")
    assert nearest == pytest.approx(plain, rel=1e-6)
    assert none_near == pytest.approx(strange)
    with pytest.raises(TextError):
        reader.bits(["Ω"], "error")


def test_verdicts_come_in_order_and_say_whose_text_it_is(monkeypatch):
    """A run's bits under another's name; a text that is left out between two groups."""
    monkeypatch.setattr(verdicts, "_GROUP_TEXTS", 1000)
    runs = {"chars": run_of(LETTERS), "bytes": run_of(Bytes(), seed=2)}
    given = [Given(number, "a", tale(40, seed=number)) for number in range(1, 1100)]
    found = list(verdicts_on(runs, given, "error"))
    assert [(v.number, v.text) for v in found] == [(g.number, g.text) for g in given]
    first = found[0]
    for name, run in runs.items():
        expected = one_by_one(Reader(run), first.text)
        assert first.bits[name] == pytest.approx(expected, rel=1e-5)
    assert first.run == "chars"  # of 30 letters; a byte is one of 256


def test_odds_and_probabilities():
    """Odds against the worst run; a division by zero for bits that are far apart."""
    verdict = Verdict(1, "a", "text", None, {"x": 30.0, "y": 20.0, "z": 21.0})
    assert (verdict.run, verdict.log_odds) == ("y", 1)
    assert verdict.probabilities["y"] == pytest.approx(2 * verdict.probabilities["z"])
    assert sum(verdict.probabilities.values()) == pytest.approx(1)
    far = Verdict(1, "a", "text", None, {"x": 0.0, "y": 1e9})
    assert far.probabilities["x"] == 1
    assert "label" not in far.record()


def test_the_accuracy_is_of_labelled_texts():
    """A table whose rows are its columns."""
    bits = {"x": 1.0, "y": 2.0}, {"x": 2.0, "y": 1.0}
    given = [Verdict(1, "a", "t", label, bits[which]) for label, which in
             [("x", 0), ("x", 1), ("x", 0), ("y", 1)]]  # fmt: skip
    accuracy = Accuracy(["x", "y"])
    assert accuracy.accuracy == 0
    assert list(accuracy.count(given)) == given
    assert accuracy.record() == {
        "kind": "accuracy", "texts": 4, "accuracy": 0.75,
        "confusion": {"x": {"x": 2, "y": 1}, "y": {"x": 0, "y": 1}},
    }  # fmt: skip


def test_a_diverged_model_is_an_error():
    """nan, which is neither more nor less than another run's bits."""
    reader = untrained(LETTERS)
    reader.network.weights["head.bias"][0] = np.nan
    with pytest.raises(DivergedError):
        reader.bits(["the sea"], "error")
