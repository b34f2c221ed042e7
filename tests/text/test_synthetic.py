"""Sources of text whose entropy can be computed."""

import math
from collections import Counter

import pytest

from charrnn.text.catalog import CATALOG
from charrnn.text.synthetic import (
    ARITHMETIC_ENTROPY,
    BRACKETS_ENTROPY,
    MARKOV_ENTROPY,
    arithmetic,
    brackets,
    markov,
    markov_chain,
)


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
    assert conditional(text, 2) == pytest.approx(MARKOV_ENTROPY, rel=0.002)


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
    assert bits / len(depths) == pytest.approx(BRACKETS_ENTROPY, rel=0.005)


def test_sums_are_right():
    """A source that nobody could learn."""
    lines = arithmetic().splitlines()
    assert all(eval(line.replace("=", "==")) for line in lines[:500])
    bits = 2 * math.log2(10) * len(lines) / sum(len(line) + 1 for line in lines)
    assert bits == pytest.approx(ARITHMETIC_ENTROPY, rel=0.002)


def entropy(*probabilities):
    return -sum(p * math.log2(p) for p in probabilities if p > 0)


def test_entropies_are_those_of_the_stationary_distributions():
    """A figure counted in a sample, beside which a good model looks better than perfect."""
    chain = markov_chain()
    common = dict.fromkeys(chain, 1 / len(chain))
    for _ in range(200):  # it is stationary long before
        after = dict.fromkeys(chain, 0.0)
        for before, mass in common.items():
            for letter, p in zip("abcdefgh", chain[before], strict=True):
                after[before[1] + letter] += mass * p
        common = after
    bits = sum(mass * entropy(*chain[before]) for before, mass in common.items())
    assert pytest.approx(bits, rel=1e-12) == MARKOV_ENTROPY
    # the depth goes up and down by one between 0 and 4, half as often at the ends
    bits = {depth: 0.0 if depth == 4 else (depth > 0) + (0.5 if depth else 1) for depth in range(5)}
    common = {depth: 0.125 if depth in (0, 4) else 0.25 for depth in range(5)}
    assert sum(common[depth] * bits[depth] for depth in range(5)) == BRACKETS_ENTROPY
    mean = sum(len(f"{a}+{b}={a + b}\n") for a in range(10) for b in range(10)) / 100
    assert pytest.approx(2 * math.log2(10) / mean, rel=1e-12) == ARITHMETIC_ENTROPY


def test_only_synthetic_sources_have_a_true_entropy():
    """Plays whose entropy is said to be known."""
    known = {name for name, entry in CATALOG.items() if entry.entropy}
    assert known == {"markov", "brackets", "arithmetic"}
