"""Text to token ids and back, exactly.

    >>> tokens = Characters.learn(["hello"])
    >>> tokens.characters, tokens.encode("hello").tolist()
    ('ehlo', [1, 0, 2, 2, 3])

Text travels as `str`. Bytes that are no UTF-8 travel as lone surrogates (PEP 383), which only the
byte tokenizer takes and gives.
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


def valid(text: str) -> str:
    """The text with U+FFFD for each byte that is no UTF-8: for what has to be Unicode."""
    return text.translate(_LONE)


class Tokenizer(Protocol):
    """What each member of TOKENIZERS offers. Ids are 0 to size - 1."""

    kind: ClassVar[TokenizerName]
    raw: ClassVar[bool]
    """Takes any bytes, text or not."""

    @property
    def size(self) -> int:
        """Tokens in the vocabulary."""
        ...

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many characters (V,) and how many bytes of UTF-8 (V,) each token stands for."""
        ...

    @classmethod
    def learn(cls, text: Iterable[str]) -> Self:
        """The tokenizer of a text that comes in pieces."""
        ...

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Raises ValueError if `data` does not come from `to_json`."""
        ...

    def to_json(self) -> dict[str, Any]:
        """All it takes to make the tokenizer again, `kind` apart."""
        ...

    def encode(self, text: str) -> Ids:
        """Ids (N,) in the smallest type that holds them. TextError for what it does not know."""
        ...

    def decoder(self) -> Decoder:
        """A new decoder of one stream of ids."""
        ...


def _codepoints(text: str) -> Ids:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


class Characters:
    """One token a character; the vocabulary is the text's own characters, by code point."""

    kind: ClassVar[TokenizerName] = "char"
    raw: ClassVar[bool] = False

    def __init__(self, characters: str) -> None:
        self.characters = characters
        points = _codepoints(characters)
        smallest = np.uint8 if len(characters) <= 2**8 else np.uint16
        dtype = smallest if len(characters) <= 2**16 else np.uint32
        last = int(points.max(initial=0))
        self._known = np.zeros(last + 1, bool)
        self._known[points] = True
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
        known = b""  # a piece of ASCII is searched for new characters at memory speed
        seen = np.zeros(0x110000, bool)
        for piece in text:
            new = piece.encode("ascii").translate(None, known) if piece.isascii() else piece
            if isinstance(new, str):
                points = _codepoints(new)
                if points.max(initial=0) < 2**16:  # counting is faster than setting one by one
                    seen[np.flatnonzero(np.bincount(points))] = True
                else:
                    seen[points] = True
            elif new:
                known += bytes(set(new))
        seen[list(known)] = True
        return cls("".join(map(chr, np.flatnonzero(seen))))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        characters = data.get("characters")
        if not isinstance(characters, str) or not characters:
            raise ValueError("a character vocabulary is a text of its characters")
        if any(a >= b for a, b in pairwise(characters)):
            raise ValueError("a character vocabulary is sorted and has nothing twice")
        characters.encode()  # ValueError for half a surrogate pair
        return cls(characters)

    def to_json(self) -> dict[str, Any]:
        return {"characters": self.characters}

    def encode(self, text: str) -> Ids:
        points = _codepoints(text)
        if points.size and int(points.max()) >= self._known.size:
            unknown = points >= self._known.size
            unknown[~unknown] = ~self._known[points[~unknown]]
        else:
            unknown = ~self._known.take(points)
        if unknown.any():
            where = int(np.argmax(unknown))
            point = int(points[where])
            raise TextError(
                f"the vocabulary has no {chr(point)!r} (U+{point:04X}, character {where + 1})",
                "Leave such characters out, or train with --tokens byte, which knows every text.",
            )
        ids: Ids = self._ids.take(points)
        return ids

    def decoder(self) -> Decoder:
        return self.characters.__getitem__


class Bytes:
    """One token a byte of UTF-8: a vocabulary of 256 that knows every text and every file."""

    kind: ClassVar[TokenizerName] = "byte"
    raw: ClassVar[bool] = True
    size = 256

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        continues = (np.arange(256) & 0xC0) == 0x80  # the second and later bytes of a character
        return (~continues).astype(np.int64), np.ones(256, np.int64)

    @classmethod
    def learn(cls, text: Iterable[str]) -> Self:  # noqa: ARG003  (knows all there is)
        return cls()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:  # noqa: ARG003  (has none)
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
