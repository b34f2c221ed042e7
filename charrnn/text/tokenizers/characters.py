"""One token is a character."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from charrnn.settings import TextSettings, TokenizerName
from charrnn.text.tokenizers.base import (
    END,
    Decoder,
    Ids,
    Tokenizer,
    read_flag,
    smallest_type,
)

_ASCII = "".join(map(chr, range(128)))
_BYTES = [*range(0x80, 0xC0), *range(0xC2, 0xF5)]  # all that UTF-8 of other characters consists of


def _codepoints(text: str) -> Ids:
    """The code points (N,), in the smallest type that Python knows to hold them."""
    ends = END in text and "\0" not in text  # the codecs are slow for halves of surrogate pairs
    plain = text.replace(END, "\0") if ends else text
    if plain.isascii():
        points: Ids = np.frombuffer(plain.encode("ascii"), np.uint8)
    else:
        points = np.frombuffer(plain.encode("utf-16-le", "surrogatepass"), "<u2")
        if len(points) > len(plain):  # pairs
            points = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), "<u4")
    return np.where(points == 0, np.uint16(ord(END)), points) if ends else points


class Characters(Tokenizer):
    """One token is a character. The vocabulary is the characters of the text, by code point.

    With `rare_as_bytes` it has all of ASCII and, at its end, the bytes that all other characters
    are written with.
    """

    kind: ClassVar[TokenizerName] = "char"

    def __init__(self, characters: str, rare_as_bytes: bool = False) -> None:
        super().__init__([*characters, *(_BYTES if rare_as_bytes else [])])
        self.characters, self.rare_as_bytes = characters, rare_as_bytes
        points = _codepoints(characters)
        dtype, last = smallest_type(self.size), int(points.max(initial=0))
        # of what it lacks, and of all code points beyond, the size
        self._ids: Ids = np.full(last + 2, self.size, smallest_type(self.size + 1))
        self._ids[points] = np.arange(len(characters))
        self._byte_ids: Ids = np.zeros(256, dtype)
        if rare_as_bytes:
            self._byte_ids[_BYTES] = np.arange(len(characters), self.size, dtype=dtype)

    @classmethod
    def learn(cls, text: Iterable[str], settings: TextSettings) -> Self:
        rare_as_bytes = settings.min_count > 1
        seen = _counted(text if rare_as_bytes else _unseen(text)) >= settings.min_count
        if rare_as_bytes:
            seen[:128] = True
            seen[0xD800:0xE000] = False
        seen[ord(END)] = settings.document_per is not None
        return cls("".join(map(chr, np.flatnonzero(seen))), rare_as_bytes)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        characters, rare_as_bytes = data.get("characters"), read_flag(data, "bytes")
        if not isinstance(characters, str) or not characters:
            raise ValueError("a character vocabulary must be a string of its characters")
        if any(a >= b for a, b in pairwise(characters)):
            raise ValueError("a character vocabulary must be sorted and without duplicates")
        if rare_as_bytes and not characters.startswith(_ASCII):
            raise ValueError("a character vocabulary with bytes must have all of ASCII")
        characters.replace(END, "").encode()  # ValueError for half a surrogate pair
        return cls(characters, rare_as_bytes)

    def to_json(self) -> dict[str, Any]:
        return {"characters": self.characters} | ({"bytes": True} if self.rare_as_bytes else {})

    def unknown(self, text: str) -> str:
        if self.rare_as_bytes:
            return super().unknown(text)
        return "".join(sorted(set(text).difference(self.characters)))

    def encode(self, text: str) -> Ids:
        points = _codepoints(text)
        found: Ids = self._ids.take(points, mode="clip")
        ids: Ids = found.astype(self._byte_ids.dtype, copy=False)
        if found.max(initial=0) < self.size or not len(found):
            return ids
        lacks = found == self.size
        if not self.rare_as_bytes or self.unknown(text):
            raise self.unknown_error(text)
        rare = points[lacks]
        repeats = np.ones(len(points), np.intp)
        repeats[lacks] = 2 + (rare >= 0x800) + (rare >= 0x10000)
        utf8 = rare.astype("<u4").tobytes().decode("utf-32-le").encode()
        ids = ids.repeat(repeats)
        ids[lacks.repeat(repeats)] = self._byte_ids[np.frombuffer(utf8, np.uint8)]
        return ids

    def decoder(self, after: str = "") -> Decoder:
        return super().decoder(after) if self.rare_as_bytes else self.characters.__getitem__


def _unseen(text: Iterable[str]) -> Iterator[str]:
    """The text without ASCII, and pieces of other text, that were there before.

    Deleting is faster than counting, and so is looking up.
    """
    seen, wide = b"", np.zeros(0x110000, bool)
    for piece in text:
        plain = piece.replace(END, "")
        if not plain.isascii():
            points = _codepoints(plain)
            if not wide.take(points, mode="clip").all():
                wide[points] = True
                yield plain
        elif new := plain.encode("ascii").translate(None, seen):
            seen += bytes({*new})
            yield new.decode("ascii")


def _counted(text: Iterable[str]) -> NDArray[np.int64]:
    """How often each code point occurs in the text, up to END's or the largest in it."""
    counts = np.zeros(ord(END) + 1, np.int64)
    for piece in text:
        before, counts = counts, np.bincount(_codepoints(piece), minlength=len(counts))
        counts[: len(before)] += before
    return counts
