"""Sources of text whose entropy can be computed: what a perfect model would need, `eval` shows.

They are the same on every machine. No NumPy: the catalog is read for completion in the shell.
"""

import math
import random
from bisect import bisect
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice, product

_CHARACTERS = 1_500_000
_LETTERS = "abcdefgh"
_PAIRS, _DEPTH = {"(": ")", "[": "]"}, 4


def _entropy(probabilities: Iterable[float]) -> float:
    """In bits."""
    return -sum(p * math.log2(p) for p in probabilities if p > 0)


def _chain() -> dict[str, list[float]]:
    """The probabilities of the next letter, by the two letters before it."""
    rng = random.Random(1)
    chain = {}
    for before in map("".join, product(_LETTERS, repeat=2)):
        weights = [-(math.log(1 - rng.random()) ** 3) for _ in _LETTERS]  # some large, most small
        chain[before] = [weight / sum(weights) for weight in weights]
    return chain


def markov() -> str:
    """A text of a Markov chain of order 2: each letter depends on the two before it."""
    chain, rng = _chain(), random.Random(2)
    up_to = {before: list(accumulate(chain[before])) for before in chain}
    text = [_LETTERS[0], _LETTERS[1]]
    while len(text) < _CHARACTERS:
        text.append(_LETTERS[bisect(up_to[text[-2] + text[-1]], rng.random(), hi=7)])
    return "".join(text)


def markov_entropy() -> float:
    """Bits per character of `markov`: of the next letter, over the stationary distribution."""
    chain = _chain()
    common = dict.fromkeys(chain, 1 / len(chain))
    for _ in range(200):  # it is stationary long before
        after = dict.fromkeys(chain, 0.0)
        for before, mass in common.items():
            for letter, p in zip(_LETTERS, chain[before], strict=True):
                after[before[1] + letter] += mass * p
        common = after
    return sum(mass * _entropy(chain[before]) for before, mass in common.items())


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


def brackets_entropy() -> float:
    """Bits per character of `brackets`: whether it opens, and which.

    The depth goes up and down by one between 0 and 4, so its stationary distribution is that of a
    random walk: half as often at the ends.
    """
    common = [0.5 / _DEPTH if depth in (0, _DEPTH) else 1 / _DEPTH for depth in range(_DEPTH + 1)]
    opens = [1.0, *[0.5] * (_DEPTH - 1), 0.0]
    which = math.log2(len(_PAIRS))
    each = [_entropy((p, 1 - p)) + p * which for p in opens]
    return sum(mass * bits for mass, bits in zip(common, each, strict=True))


def arithmetic() -> str:
    """Sums of two random digits, one a line."""
    rng, lines, size = random.Random(4), [], 0
    while size < _CHARACTERS:
        a, b = rng.randrange(10), rng.randrange(10)
        lines.append(f"{a}+{b}={a + b}\n")
        size += len(lines[-1])
    return "".join(lines)


def arithmetic_entropy() -> float:
    """Bits per character of `arithmetic`: those of two digits, over the mean length of a line."""
    lengths = [len(f"{a}+{b}={a + b}\n") for a, b in product(range(10), repeat=2)]
    return 2 * math.log2(10) * len(lengths) / sum(lengths)
