"""Whether a text occurs in a corpus, exactly: in any part of it, held out or not.

A corpus of documents has an index of them beside its tokens, made when it is first asked for:

    novelty.bin     a header of 64 bytes, the sorted hashes of the documents, and where each begins

That is 16 bytes a document. A hit is compared token by token, so that equal hashes do no harm.
A corpus without documents is searched from its beginning to its end.

Documents and lines are segments of the tokens: each ends before a token that stands for its end.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import UsageError
from charrnn.events import Emit, Noticed, Progress
from charrnn.files import atomic_write, open_regular
from charrnn.text.corpus import Corpus
from charrnn.text.tokenizers import END, Ids, Tokenizer

PIECE = 1 << 18
"""Tokens that are searched or hashed at a time: their arrays of 8 bytes fit the cache."""
_SPREAD = 0x9E3779B97F4A7C15  # any odd number of 64 bits

Indices = NDArray[np.int64]
Hashes = NDArray[np.uint64]
_SEARCHED = 1 << 22  # tokens that are searched for a text at a time
_HEADER = struct.Struct("<8s32sQQQ")  # format, key, tokens, documents, checksum
_FORMAT = b"novelty2"  # 1 had other hashes


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
        if self.hashes is None:
            ids = self.tokenizer.encode(text)
            return _occurs(ids.astype(self.tokens.dtype).tobytes(), self.tokens)
        document = self.tokenizer.encode(text + END)
        wanted = hashes(document, np.array([len(document) - 1]))[0]
        first, last = (int(self.hashes.searchsorted(wanted, side)) for side in ("left", "right"))
        starts = map(int, self.starts[first:last])
        return any(np.array_equal(self.tokens[n : n + document.size], document) for n in starts)


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
        with open_regular(path) as file:
            words = np.memmap(file, np.uint64, "r")
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
    keys = hashes(tokens, stops, lambda done: emit(Progress(task, done, len(stops))))
    order = np.argsort(keys, kind="stable")
    return np.stack([keys[order], starts_of(stops)[order].astype(np.uint64)])


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


def hashes(tokens: Ids, stops: Indices, progress: Callable[[int], None] = lambda _: None) -> Hashes:
    """The hash of each segment (D,) that ends before one of the `stops` (D,).

    It is the sum of the scrambled ids, each times its scrambled position in the segment, modulo
    2**64. Tokens are read a piece at a time; `progress` gets the number of segments reached.
    """
    starts, size = starts_of(stops), int(stops.max(initial=0))
    totals = np.zeros(len(stops), np.uint64)
    for first in range(0, size, PIECE):
        last = min(first + PIECE, size)
        reached = slice(int(stops.searchsorted(first, "right")), int(starts.searchsorted(last)))
        begin = np.maximum(starts[reached], first) - first
        end = np.minimum(stops[reached], last) - first
        origins = np.zeros(last - first, np.int64)
        origins[begin] = starts[reached]
        positions = np.arange(first, last) - np.maximum.accumulate(origins)
        sums = np.zeros(last - first + 1, np.uint64)
        np.cumsum(_scrambled(tokens[first:last]) * _scrambled(positions), out=sums[1:])
        totals[reached] += sums[end] - sums[begin]
        progress(reached.stop)
    return totals


def _scrambled(values: NDArray[np.integer]) -> Hashes:
    scrambled = (values.astype(np.uint64) + np.uint64(1)) * np.uint64(_SPREAD)
    return (scrambled ^ scrambled >> np.uint64(29)) * np.uint64(_SPREAD)
