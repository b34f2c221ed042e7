"""Texts that are computed together, and that each is the same among few and many."""

import string
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from charrnn.cells import CELLS
from charrnn.inference import sampled_texts
from charrnn.inference.blocks import SampledText
from charrnn.inference.drawing import Prompt, mapped
from charrnn.inference.sampled_texts import sample_many
from charrnn.inference.sampling import read_prompt, sample
from charrnn.settings import SampleSettings, TextSettings
from charrnn.text.tokenizers import TOKENIZERS, Characters
from tests.inference.models import LETTERS, untrained


def put(row, rows, array):
    """An array in the place of one of many."""
    if rows.ndim > 1:
        rows[0, row] = array
    return rows


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_row_rounds_alike_whatever_stands_beside_it(cell, residual):
    """A BLAS by whose products a text would depend on the others, or on the row that it got.

    It is a promise of no BLAS, and shown here for the one of this machine.
    """
    letters, rng = Characters(string.ascii_letters[:30]), np.random.default_rng(1)
    network = untrained(cell, vocabulary_size=30, hidden_size=72, residual=residual)
    prompts = [read_prompt(network, letters, letter) for letter in letters.symbols]
    for rows in sorted({*sampled_texts.ROWS.values()} - {1}):
        texts, state, found = rng.integers(0, 30, (9, rows)), network.zero_state(1, rows), []
        for ids in texts[:4]:
            logits, state = network.step(ids[None], state)
        same, places = np.arange(rows) < rows // 2, rng.permutation(rows)
        others = np.where(same, texts, rng.integers(0, 30, texts.shape))[:, places]
        for ids in (texts, others):
            prompt = mapped(lambda array: array.copy(order="K"), Prompt(logits, state, logits))
            for row, first in enumerate(ids[4]):
                mapped(partial(put, row), prompt, prompts[first]._replace(recent=logits[0, 0]))
            now = prompt.state
            for step in ids[5:]:
                after, now = network.step(step[None], now)
            found.append(after[0])
        np.testing.assert_array_equal(found[1][same[places]], found[0][places[same[places]]])


@pytest.mark.parametrize("settings", [
    SampleSettings(length=60, temp="1.2:0.6"), SampleSettings(length=60, repetition_penalty=1.5),
    SampleSettings(length=60, top_p=0.9), SampleSettings(length=60, stop=("ab", "f")),
])  # fmt: skip
def test_a_text_is_the_same_among_few_and_many_in_any_order(settings):
    """What a row keeps of the text that ended in it; texts that depend on how many there are."""
    network, settings = untrained(hidden_size=48), replace(settings, seed=4)
    found: dict[int, set[SampledText]] = {}
    for numbers in (range(600), range(33), range(2), [520, 70, 20, 599, 0, 64], range(15, 200)):
        texts = [*sample_many(network, LETTERS, settings, numbers=numbers, bits=True)]
        assert [text.number - 1 for text in texts] == [*numbers]
        for text in texts:
            found.setdefault(text.number, set()).add(text)
    assert all(len(texts) == 1 for texts in found.values())
    alone = "".join(sample(network, LETTERS, settings))
    assert {text.text for text in found[1]} == {alone}


def test_texts_of_bytes_are_whole_characters_in_any_row():
    """A row that goes on in the middle of the character of the text before."""
    tokenizer = TOKENIZERS["byte"].learn(["aé日"], TextSettings(tokenizer="byte"))
    network = untrained(vocabulary_size=tokenizer.size)
    settings = SampleSettings(length=9, count=120, seed=1, stop="a")
    few = [*sample_many(network, tokenizer, settings, numbers=range(60, 90))]
    many = [*sample_many(network, tokenizer, settings)]
    assert many[60:90] == few
    assert not any("\ufffd" in text.text for text in many[:-1])


@pytest.mark.parametrize("cores", [1, 2, 5])
def test_texts_do_not_depend_on_the_machine(monkeypatch, cores):
    """Texts of a seed that depend on how they are split between threads, or into groups."""
    network, settings = untrained("gru"), SampleSettings(length=90, count=33, seed=7)
    expected = {t.number: t.text for t in sample_many(network, LETTERS, settings)}
    monkeypatch.setattr(sampled_texts, "_cores", lambda: cores)
    monkeypatch.setattr(sampled_texts, "_TEXTS", 10)
    found = {t.number: t.text for t in sample_many(network, LETTERS, settings)}
    assert found == expected
    assert len(set(found.values())) == 33
