"""Sources of text whose entropy can be computed."""

import math
from collections import Counter

import pytest

from charrnn.text.catalog import CATALOG, true_entropy
from charrnn.text.synthetic import arithmetic, brackets, markov


def conditional(text, order):
    """The entropy of a character after so many, as counted in a text."""
    longer = Counter(zip(*(text[n:] for n in range(order + 1)), strict=False))
    shorter = Counter(zip(*(text[n:] for n in range(order)), strict=False))
    bits = sum(count * math.log2(count / shorter[key[:-1]]) for key, count in longer.items())
    return -bits / (len(text) - order)


def test_the_entropy_of_a_markov_chain_is_that_of_its_text():
    """An entropy of the start, not of the stationary chain."""
    text = markov()
    assert len(text) == 1_500_000
    assert conditional(text, 2) == pytest.approx(true_entropy("markov"), rel=0.002)


def test_brackets_are_balanced_and_as_random_as_said():
    """A bracket closed by the other kind; an entropy that forgets the ends of the walk."""
    text = brackets()
    depths, depth = [], []
    for character in text[:200_000]:
        depths.append(len(depth))
        if character in "([":
            depth.append(character)
        else:
            assert depth.pop() + character in ("()", "[]")
    assert max(depths) == 4
    bits = 0.0
    for place, before in enumerate(depths):
        opens = text[place] in "(["
        bits += (1 if before in (1, 2, 3) else 0) + opens
    assert bits / len(depths) == pytest.approx(true_entropy("brackets"), rel=0.005)


def test_sums_are_right():
    """A source that nobody could learn."""
    lines = arithmetic().splitlines()
    assert all(eval(line.replace("=", "==")) for line in lines[:500])
    bits = 2 * math.log2(10) * len(lines) / sum(len(line) + 1 for line in lines)
    assert bits == pytest.approx(true_entropy("arithmetic"), rel=0.002)


def test_only_synthetic_sources_have_a_true_entropy():
    """Plays whose entropy is said to be known."""
    assert true_entropy("shakespeare") is true_entropy("mine") is None
    assert {name for name in CATALOG if true_entropy(name)} == {"markov", "brackets", "arithmetic"}
