"""Tokenizers: text to token ids and back, exactly.

    >>> tokenizer = Characters.learn(["hello"])
    >>> tokenizer.characters, tokenizer.encode("hello").tolist()
    ('ehlo', [1, 0, 2, 2, 3])

Text is `str`. Bytes that are not UTF-8 are lone surrogates in it (PEP 383), which only the byte
tokenizer encodes and decodes.
"""

import codecs
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.settings import TokenizerName

Ids = NDArray[np.unsignedinteger[Any]]
Decoder = Callable[[int], str]
"""Token id -> the whole characters it completes, perhaps none yet."""

_LONE = dict.fromkeys(range(0xDC80, 0xDD00), "\N{REPLACEMENT CHARACTER}")


def valid_unicode(text: str) -> str:
    """The text with U+FFFD for each byte that is not UTF-8: for output that must be Unicode."""
    return text.translate(_LONE)


class Tokenizer(Protocol):
    """What each member of TOKENIZERS offers. Ids are 0 to size - 1."""

    kind: ClassVar[TokenizerName]
    raw: ClassVar[bool]
    """Whether it encodes any bytes, text or not."""

    @property
    def size(self) -> int:
        """Tokens in the vocabulary (V)."""
        ...

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Characters (V,) and bytes of UTF-8 (V,) of each token."""
        ...

    @classmethod
    def learn(cls, text: Iterable[str]) -> Self:
        """The tokenizer for a text, which comes in pieces."""
        ...

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Raises ValueError if `data` does not come from `to_json`."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Everything that `from_json` needs, except `kind`."""
        ...

    def encode(self, text: str) -> Ids:
        """Ids (N,) in the smallest type that holds V. TextError for a character without a token."""
        ...

    def decoder(self) -> Decoder:
        """A new decoder of one stream of ids."""
        ...


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
        smallest = np.uint8 if len(characters) <= 2**8 else np.uint16
        dtype = smallest if len(characters) <= 2**16 else np.uint32
        last = int(points.max(initial=0))
        self._has = np.zeros(last + 1, bool)
        self._has[points] = True
        self._ids: Ids = np.zeros(last + 1, dtype)
        self._ids[points] = np.arange(len(characters), dtype=dtype)

    @property
    def size(self) -> int:
        return len(self.characters)

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        sizes = [len(character.encode()) for character in self.characters]
        return np.ones(self.size, np.int64), np.array(sizes, np.int64)

    @classmethod
    def learn(cls, text: Iterable[str]) -> Self:
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
        return cls("".join(map(chr, np.flatnonzero(seen))))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        characters = data.get("characters")
        if not isinstance(characters, str) or not characters:
            raise ValueError("a character vocabulary must be a string of its characters")
        if any(a >= b for a, b in pairwise(characters)):
            raise ValueError("a character vocabulary must be sorted and without duplicates")
        characters.encode()  # ValueError for half a surrogate pair
        return cls(characters)

    def to_json(self) -> dict[str, Any]:
        return {"characters": self.characters}

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

    def decoder(self) -> Decoder:
        return self.characters.__getitem__


class Bytes:
    """One token is a byte of UTF-8. The vocabulary of 256 encodes any text and any file."""

    kind: ClassVar[TokenizerName] = "byte"
    raw: ClassVar[bool] = True
    size = 256

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        continues = (np.arange(256) & 0xC0) == 0x80  # the second and later bytes of a character
        return (~continues).astype(np.int64), np.ones(256, np.int64)

    @classmethod
    def learn(cls, text: Iterable[str]) -> Self:  # noqa: ARG003  (needs no text)
        return cls()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:  # noqa: ARG003  (needs no data)
        return cls()

    def to_json(self) -> dict[str, Any]:
        return {}

    def encode(self, text: str) -> Ids:
        return np.frombuffer(text.encode("utf-8", "surrogateescape"), np.uint8)

    def decoder(self) -> Decoder:
        utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        return lambda token: utf8.decode(bytes((token,)))


TOKENIZERS: dict[TokenizerName, type[Tokenizer]] = {
    "char": Characters,
    "byte": Bytes,
}


def from_json(data: Any) -> Tokenizer:
    """The tokenizer that `to_json` described. Raises ValueError."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in TOKENIZERS:
        raise ValueError(f"unknown tokenizer {kind!r}")
    return TOKENIZERS[kind].from_json(data)


def to_json(tokenizer: Tokenizer) -> dict[str, Any]:
    """The tokenizer as JSON that `from_json` reads."""
    return {"kind": tokenizer.kind, **tokenizer.to_json()}
