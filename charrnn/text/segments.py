"""The lines or documents of a text of tokens: where each ends, and a hash of each."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.text.tokenizers import Ids

PIECE = 1 << 18
"""Tokens that are searched or hashed at a time: their arrays of 8 bytes fit the cache."""
_SPREAD = 0x9E3779B97F4A7C15
_BASE = 0xD6E8FEB86659FD93  # both are any odd numbers of 64 bits

Places = NDArray[np.int64]
Hashes = NDArray[np.uint64]


def places(tokens: Ids, token: int, most: int | None = None) -> Places:
    """Where a token occurs in others (N,): the first `most` places, or all."""
    found, count = [np.zeros(0, np.int64)], 0
    for first in range(0, len(tokens), PIECE):
        found.append(np.flatnonzero(tokens[first : first + PIECE] == token) + first)
        count += len(found[-1])
        if most is not None and count >= most:
            break
    return np.concatenate(found)[:most]


def starts_of(stops: Places) -> Places:
    """Where segments begin (D,), of which each begins behind the stop of the one before."""
    return np.concatenate([np.zeros(1, np.int64), stops + 1])[: len(stops)]


def hashes(tokens: Ids, stops: Places) -> Iterator[Hashes]:
    """The hashes of the segments that end at `stops`, some at a time."""
    starts, first = starts_of(stops), 0
    while first < len(stops):
        last = int(np.searchsorted(stops, starts[first] + PIECE, "right"))
        if last > first:
            yield _hash(tokens, starts[first:last], stops[first:last])
        else:
            last = first + 1
            yield _hash_of_long(tokens, int(starts[first]), int(stops[first]))
        first = last


def _hash_of_long(tokens: Ids, start: int, stop: int) -> Hashes:
    """The hash of one segment (1,), read in pieces."""
    found = 0
    for first in range(start, stop, PIECE):
        (part,) = _hash(tokens, np.array([first]), np.array([min(first + PIECE, stop)]))
        found += int(part) * pow(_BASE, first - start, 1 << 64)
    return np.array([found % (1 << 64)], np.uint64)


def _hash(tokens: Ids, starts: Places, stops: Places) -> Hashes:
    """The hash of each segment (D,).

    A hash is the sum of the tokens' numbers times the powers of a base, modulo 2**64. It is a
    difference of one running sum, put to the segment's beginning by a power of the base's inverse.
    """
    base = int(starts[0])
    begin, end = starts - base, stops - base
    numbers = tokens[base : base + int(end[-1])].astype(np.uint64) + np.uint64(1)
    numbers *= np.uint64(_SPREAD)
    numbers ^= numbers >> np.uint64(29)
    numbers *= np.uint64(_SPREAD)
    sums = np.zeros(len(numbers) + 1, np.uint64)
    np.cumsum(numbers * _powers(_BASE, len(numbers)), out=sums[1:])
    found: Hashes = (sums[end] - sums[begin]) * _powers(pow(_BASE, -1, 1 << 64), len(sums))[begin]
    return found


def _powers(base: int, count: int) -> NDArray[Any]:
    """base**0, base**1 and so on, modulo 2**64 (count,)."""
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.cumprod(powers)
