"""Whether a text occurs in a corpus, exactly: in any part of it, held out or not.

A corpus of documents has an index of them beside its tokens, made when it is first asked for:

    novelty.bin     a header of 64 bytes, the sorted hashes of the documents, and where each begins

That is 16 bytes a document. A hit is compared token by token, so that equal hashes do no harm.
A corpus without documents is searched from its beginning to its end.

Documents and lines are segments of the tokens: each ends before a token that stands for its end.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import UsageError
from charrnn.events import Emit, Noticed, Progress
from charrnn.files import atomic_write
from charrnn.text.corpus import Corpus
from charrnn.text.tokenizers import END, Ids, Tokenizer

PIECE = 1 << 18
"""Tokens that are searched or hashed at a time: their arrays of 8 bytes fit the cache."""
_SPREAD = 0x9E3779B97F4A7C15
_BASE = 0xD6E8FEB86659FD93  # both are any odd numbers of 64 bits

Indices = NDArray[np.int64]
Hashes = NDArray[np.uint64]
_SEARCHED = 1 << 22  # tokens that are searched for a text at a time
_HEADER = struct.Struct("<8s32sQQQ")  # format, key, tokens, documents, checksum
_FORMAT = b"novelty1"


@dataclass(frozen=True)
class Novelty:
    """The tokens (N,) of a corpus; for documents their sorted hashes and starts (D,)."""

    tokenizer: Tokenizer
    tokens: Ids
    hashes: Hashes | None
    starts: NDArray[np.uint64]

    @classmethod
    def open(cls, corpus: Corpus, emit: Emit) -> "Novelty":
        """Find the index of a corpus, or make it.

        UsageError for subwords without documents: equal texts need not be equal tokens there.
        """
        tokenizer, tokens = corpus.tokenizer, corpus.tokens
        if tokenizer.end is not None and corpus.text.document_per is not None:
            return cls(tokenizer, tokens, *_index(corpus, tokens, tokenizer.end, emit))
        if tokenizer.kind not in ("char", "byte"):
            raise UsageError(
                f"{corpus.name} has no documents, and its tokens are subwords: "
                "a text cannot be looked for in it",
                "Prepare it with --document-per line, or with --tokenizer char.",
            )
        return cls(tokenizer, tokens, None, np.zeros(0, np.uint64))

    def occurs(self, text: str) -> bool:
        """Whether the text is a document of the corpus, or, without documents, a part of it."""
        text = text if self.hashes is None else text.removesuffix(END)
        if self.tokenizer.unknown(text):
            return False
        ids = self.tokenizer.encode(text)
        if self.hashes is None:
            return _occurs(ids.astype(self.tokens.dtype).tobytes(), self.tokens)
        (wanted,) = hashes(ids, np.array([len(ids)]))
        first = int(np.searchsorted(self.hashes, wanted)[0])
        last = int(np.searchsorted(self.hashes, wanted, "right")[0])
        return any(self._is_document(ids, int(start)) for start in self.starts[first:last])

    def _is_document(self, ids: Ids, start: int) -> bool:
        end = start + len(ids)
        ended = end < len(self.tokens) and self.tokens[end] == self.tokenizer.end
        return bool(ended and np.array_equal(self.tokens[start:end], ids))


def _occurs(wanted: bytes, tokens: Ids) -> bool:
    """Whether the tokens contain the tokens whose bytes are `wanted`."""
    size, overlap = tokens.itemsize, len(wanted) // tokens.itemsize
    for first in range(0, max(1, len(tokens)), _SEARCHED):
        data = tokens[first : first + _SEARCHED + overlap].tobytes()
        offset = -1
        while (offset := data.find(wanted, offset + 1)) >= 0:
            if offset % size == 0:
                return True
    return False


def _index(corpus: Corpus, tokens: Ids, end: int, emit: Emit) -> tuple[Hashes, Hashes]:
    """The sorted hashes of a corpus's documents, and the first token of each (D,)."""
    path = corpus.folder / "novelty.bin"
    about = (_FORMAT, bytes.fromhex(corpus.key), len(tokens))
    index = _read(path, about)
    if index is None:
        index = _build(tokens, end, f"indexing {corpus.name}", emit)
        try:
            with atomic_write(path) as file:
                file.write(_HEADER.pack(*about, index.shape[1], zlib.crc32(index.data)))
                file.write(index.data)
        except OSError as error:  # another's corpus, say: the index serves without its file, too
            emit(Noticed(f"{path} cannot be kept: {error.strerror}"))
    return index[0], index[1]


def _read(path: Path, about: tuple[bytes, bytes, int]) -> Hashes | None:
    """The index in a file, mapped, if it is undamaged and of this corpus."""
    try:
        words = np.memmap(path, np.uint64, "r")
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    if words.nbytes < _HEADER.size:
        return None
    head, body = np.split(words, [_HEADER.size // 8])
    *header, documents, checksum = _HEADER.unpack(head.tobytes())
    if tuple(header) != about or body.size != 2 * documents or zlib.crc32(body.data) != checksum:
        return None
    index: Hashes = body.reshape(2, documents)
    return index


def _build(tokens: Ids, end: int, task: str, emit: Emit) -> Hashes:
    """Hashes and starts (2, D) of the documents, by hash."""
    stops = indices_of(end, tokens)
    index = np.empty((2, len(stops)), np.uint64)
    done = 0
    for piece in hashes(tokens, stops):
        index[0, done : done + len(piece)] = piece
        done += len(piece)
        emit(Progress(task, done, len(stops)))
    order = np.argsort(index[0], kind="stable")
    index[0], index[1] = index[0][order], starts_of(stops)[order]
    return index


def indices_of(token: int, tokens: Ids, most: int | None = None) -> Indices:
    """The indices of a token in tokens (N,): the first `most`, or all."""
    indices, count = [np.zeros(0, np.int64)], 0
    for first in range(0, len(tokens), PIECE):
        indices.append(np.flatnonzero(tokens[first : first + PIECE] == token) + first)
        count += len(indices[-1])
        if most is not None and count >= most:
            break
    return np.concatenate(indices)[:most]


def starts_of(stops: Indices) -> Indices:
    """Where segments begin (D,): each behind the stop of the one before."""
    return np.concatenate([np.zeros(1, np.int64), stops + 1])[: len(stops)]


def hashes(tokens: Ids, stops: Indices) -> Iterator[Hashes]:
    """The hashes of the segments that end before `stops` (D,), some at a time."""
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
    total = 0
    for first in range(start, stop, PIECE):
        (part,) = _hash(tokens, np.array([first]), np.array([min(first + PIECE, stop)]))
        total += int(part) * pow(_BASE, first - start, 1 << 64)
    return np.array([total % (1 << 64)], np.uint64)


def _hash(tokens: Ids, starts: Indices, stops: Indices) -> Hashes:
    """The hash of each segment (D,).

    A hash is the sum of the tokens' scrambled ids times the powers of a base, modulo 2**64: a
    difference of one running sum, moved to the segment's beginning by a power of the inverse.
    """
    base = int(starts[0])
    begin, end = starts - base, stops - base
    values = tokens[base : base + int(end[-1])].astype(np.uint64) + np.uint64(1)
    values *= np.uint64(_SPREAD)
    values ^= values >> np.uint64(29)
    values *= np.uint64(_SPREAD)
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(values * _powers(_BASE, len(values)), out=sums[1:])
    inverse = _powers(pow(_BASE, -1, 1 << 64), len(sums))
    hashes: Hashes = (sums[end] - sums[begin]) * inverse[begin]
    return hashes


def _powers(base: int, count: int) -> NDArray[Any]:
    """base**0, base**1 and so on, modulo 2**64 (count,)."""
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.cumprod(powers)
