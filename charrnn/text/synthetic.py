"""Sources of text whose entropy is known: what a perfect model would need, `eval` shows.

They are the same on every machine. No NumPy: the catalog is read for completion in the shell.
"""

import math
import random
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate, islice, product

MARKOV_ENTROPY = 1.5310059143783161
BRACKETS_ENTROPY = 1.25
ARITHMETIC_ENTROPY = 1.0300552232208875
"""Bits per character of each source. The tests compute them."""

_CHARACTERS = 1_500_000
_LETTERS = "abcdefgh"
_PAIRS, _DEPTH = {"(": ")", "[": "]"}, 4


def markov_chain() -> dict[str, list[float]]:
    """The probabilities of the next letter, by the two letters before it."""
    rng = random.Random(1)
    chain = {}
    for before in map("".join, product(_LETTERS, repeat=2)):
        weights = [-(math.log(1 - rng.random()) ** 3) for _ in _LETTERS]  # some large, most small
        chain[before] = [weight / sum(weights) for weight in weights]
    return chain


def markov() -> str:
    """A text of a Markov chain of order 2: each letter depends on the two before it."""
    chain, rng = markov_chain(), random.Random(2)
    up_to = {before: list(accumulate(chain[before])) for before in chain}
    text = [_LETTERS[0], _LETTERS[1]]
    while len(text) < _CHARACTERS:
        text.append(_LETTERS[bisect(up_to[text[-2] + text[-1]], rng.random(), hi=7)])
    return "".join(text)


def brackets() -> str:
    """Brackets of two kinds, each closed by its own; they open or close with equal chances."""
    rng = random.Random(3)

    def characters() -> Iterator[str]:
        open_ones: list[str] = []
        while True:
            if not open_ones or (len(open_ones) < _DEPTH and rng.random() < 0.5):
                open_ones.append(rng.choice(list(_PAIRS)))
                yield open_ones[-1]
            else:
                yield _PAIRS[open_ones.pop()]

    return "".join(islice(characters(), _CHARACTERS))


def arithmetic() -> str:
    """Sums of two random digits, one a line."""
    rng, lines, size = random.Random(4), [], 0
    while size < _CHARACTERS:
        a, b = rng.randrange(10), rng.randrange(10)
        lines.append(f"{a}+{b}={a + b}\n")
        size += len(lines[-1])
    return "".join(lines)
