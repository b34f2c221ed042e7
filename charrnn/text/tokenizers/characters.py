"""One token is a character."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.settings import TextSettings, TokenizerName
from charrnn.text.tokenizers.base import END, Decoder, Ids, smallest_type


def _codepoints(text: str) -> Ids:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


class Characters:
    """One token is a character. The vocabulary is the characters of the text, by code point."""

    kind: ClassVar[TokenizerName] = "char"
    raw: ClassVar[bool] = False

    def __init__(self, characters: str) -> None:
        self.characters = characters
        points = _codepoints(characters)
        dtype = smallest_type(len(characters))
        last = int(points.max(initial=0))
        self._has = np.zeros(last + 1, bool)
        self._has[points] = True
        self._ids: Ids = np.zeros(last + 1, dtype)
        self._ids[points] = np.arange(len(characters), dtype=dtype)

    @property
    def size(self) -> int:
        return len(self.characters)

    @property
    def end(self) -> int | None:
        return self.characters.find(END) if END in self.characters else None

    @property
    def symbols(self) -> list[str]:
        return list(self.characters)

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        sizes = [
            1 if character == END else len(character.encode()) for character in self.characters
        ]
        return np.ones(self.size, np.int64), np.array(sizes, np.int64)

    @classmethod
    def learn(cls, text: Iterable[str], settings: TextSettings) -> Self:
        found = b""  # deleting these is the fastest search for new ones in a piece of ASCII
        seen = np.zeros(0x110000, bool)
        for piece in text:
            new = piece.encode("ascii").translate(None, found) if piece.isascii() else piece
            if isinstance(new, str):
                points = _codepoints(new)
                if points.max(initial=0) < 2**16:  # then counting is faster than indexing
                    seen[np.flatnonzero(np.bincount(points))] = True
                else:
                    seen[points] = True
            elif new:
                found += bytes(set(new))
        seen[list(found)] = True
        seen[ord(END)] |= settings.document_per is not None
        return cls("".join(map(chr, np.flatnonzero(seen))))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        characters = data.get("characters")
        if not isinstance(characters, str) or not characters:
            raise ValueError("a character vocabulary must be a string of its characters")
        if any(a >= b for a, b in pairwise(characters)):
            raise ValueError("a character vocabulary must be sorted and without duplicates")
        characters.replace(END, "").encode()  # ValueError for half a surrogate pair
        return cls(characters)

    def to_json(self) -> dict[str, Any]:
        return {"characters": self.characters}

    def unknown(self, text: str) -> str:
        return "".join(sorted(set(text) - set(self.characters)))

    def encode(self, text: str) -> Ids:
        points = _codepoints(text)
        if points.size and int(points.max()) >= self._has.size:
            unknown = points >= self._has.size
            unknown[~unknown] = ~self._has[points[~unknown]]
        else:
            unknown = ~self._has.take(points)
        if unknown.any():
            where = int(np.argmax(unknown))
            point = int(points[where])
            raise TextError(
                f"the vocabulary has no {chr(point)!r} (U+{point:04X}, character {where + 1})",
                "Leave such characters out, or train with --tokenizer byte, which encodes any.",
            )
        ids: Ids = self._ids.take(points)
        return ids

    def encode_pieces(self, pieces: Iterable[str]) -> Iterator[Ids]:
        return map(self.encode, pieces)

    def decoder(self) -> Decoder:
        return self.characters.__getitem__
