"""Whether a text stands in a corpus, exactly: in any part of it, held out or not.

A corpus of documents has an index of them beside its tokens, made when it is first asked for:

    novelty.bin     a header of 64 bytes, the sorted hashes of the documents, and where each begins

That is 16 bytes a document. A hit is compared token by token, so that equal hashes do no harm.
A corpus without documents is searched from its beginning to its end.
"""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import UsageError
from charrnn.events import Emit, Noticed, Progress
from charrnn.files import atomic_write
from charrnn.text.corpus import Corpus
from charrnn.text.segments import hashes, places, starts_of
from charrnn.text.tokenizers import END, Ids, Tokenizer

_PIECE = 1 << 22  # tokens that are searched at a time
_HEADER = struct.Struct("<8s32sQQQ")  # format, key, tokens, documents, checksum
_FORMAT = b"novelty1"
_Numbers = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Novelty:
    """The tokens (N,) of a corpus; for documents their sorted hashes and starts (D,)."""

    tokenizer: Tokenizer
    tokens: Ids
    hashes: _Numbers | None
    starts: _Numbers

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

    def stands(self, text: str) -> bool:
        """Whether the text is a document, or, where there are none, occurs anywhere."""
        text = text if self.hashes is None else text.removesuffix(END)
        if self.tokenizer.unknown(text):
            return False
        ids = self.tokenizer.encode(text)
        if self.hashes is None:
            return _occurs(ids.astype(self.tokens.dtype).tobytes(), self.tokens)
        ((own,),) = hashes(ids, np.array([len(ids)]))
        first, last = np.searchsorted(self.hashes, own), np.searchsorted(self.hashes, own, "right")
        return any(self._is_document(ids, int(start)) for start in self.starts[first:last])

    def _is_document(self, ids: Ids, start: int) -> bool:
        end = start + len(ids)
        ended = end < len(self.tokens) and self.tokens[end] == self.tokenizer.end
        return bool(ended and np.array_equal(self.tokens[start:end], ids))


def _occurs(wanted: bytes, tokens: Ids) -> bool:
    """Whether the bytes of some tokens stand in the tokens, at the beginning of one."""
    size, overlap = tokens.itemsize, len(wanted) // tokens.itemsize
    for first in range(0, max(1, len(tokens)), _PIECE):
        data = tokens[first : first + _PIECE + overlap].tobytes()
        place = -1
        while (place := data.find(wanted, place + 1)) >= 0:
            if place % size == 0:
                return True
    return False


def _index(corpus: Corpus, tokens: Ids, end: int, emit: Emit) -> tuple[_Numbers, _Numbers]:
    """The sorted hashes of a corpus's documents, and the first token of each (D,)."""
    path = corpus.folder / "novelty.bin"
    about = (_FORMAT, bytes.fromhex(corpus.key), len(tokens))
    found = _read(path, about)
    if found is None:
        found = _build(tokens, end, f"indexing {corpus.name}", emit)
        try:
            with atomic_write(path) as file:
                checksum = zlib.crc32(found.data)
                file.write(_HEADER.pack(*about, found.shape[1], checksum))
                file.write(found.data)
        except OSError as error:  # another's corpus, say: the index serves without its file, too
            emit(Noticed(f"{path} cannot be kept: {error.strerror}"))
    return found[0], found[1]


def _read(path: Path, about: tuple[bytes, bytes, int]) -> _Numbers | None:
    """The index in a file, mapped, if it is undamaged and of this corpus."""
    try:
        found = np.memmap(path, np.uint64, "r")
    except (OSError, ValueError):  # an empty file cannot be mapped
        return None
    words = _HEADER.size // 8
    if found.nbytes < _HEADER.size:
        return None
    *header, documents, checksum = _HEADER.unpack(found[:words].tobytes())
    body = found[words:]
    if tuple(header) != about or body.size != 2 * documents or zlib.crc32(body.data) != checksum:
        return None
    return body.reshape(2, documents)


def _build(tokens: Ids, end: int, task: str, emit: Emit) -> _Numbers:
    """Hashes and starts (2, D) of the documents, by hash."""
    stops = places(tokens, end)
    found = np.empty((2, len(stops)), np.uint64)
    done = 0
    for some in hashes(tokens, stops):
        found[0, done : done + len(some)] = some
        done += len(some)
        emit(Progress(task, done, len(stops)))
    order = np.argsort(found[0], kind="stable")
    found[0], found[1] = found[0][order], starts_of(stops)[order]
    return found
