"""What every tokenizer does.

Text is `str`. Bytes that are not UTF-8 are lone surrogates in it (PEP 383), which only the byte
tokenizer encodes and decodes. The end of a document is a character of its own in it, END, which no
text has; it is a token where the corpus has documents.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from charrnn.settings import TextSettings, TokenizerName

END = "\ud800"
"""The end of a document within a text: half a surrogate pair, which neither UTF-8 nor PEP 383 uses.
It counts as one character and one byte, as a line's end would."""

Ids = NDArray[np.unsignedinteger[Any]]
Decoder = Callable[[int], str]
"""Token id -> the whole characters it completes, perhaps none yet."""

_LONE = dict.fromkeys(range(0xDC80, 0xDD00), "\N{REPLACEMENT CHARACTER}") | {ord(END): "\n"}


def valid_unicode(text: str) -> str:
    """The text for output that must be Unicode: U+FFFD for a byte that is not UTF-8, LF for END."""
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
    def end(self) -> int | None:
        """The id of END, where the corpus has documents."""
        ...

    @property
    def symbols(self) -> list[str]:
        """What each token (V) stands for, all different: `e`, `<0x0A>`, END.

        Equal symbols of two tokenizers mean the same.
        """
        ...

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Characters (V,) and bytes of UTF-8 (V,) of each token."""
        ...

    @property
    def single_bytes(self) -> NDArray[np.int64] | None:
        """The byte (V,) that each token is, -1 for whole characters.

        None if every token is whole characters, or if the texts need not be UTF-8.
        """
        ...

    @classmethod
    def learn(cls, text: Iterable[str], settings: TextSettings) -> Self:
        """The tokenizer for a text, which comes in pieces.

        It has END where `settings.document_per` is given.
        """
        ...

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Raises ValueError if `data` does not come from `to_json`."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Everything that `from_json` needs, except `kind`."""
        ...

    def unknown(self, text: str) -> str:
        """The characters of a text, each once, that it cannot encode."""
        ...

    def encode(self, text: str) -> Ids:
        """Ids (N,) in the smallest type that holds V. TextError for a character without a token."""
        ...

    def cut(self, text: str) -> int:
        """The last index where a text may be cut so that both parts encode as the whole does.

        `text` begins at such an index, and more text may follow. Few characters stand behind it, or
        less than a line.
        """
        ...

    def decoder(self) -> Decoder:
        """A new decoder of one stream of ids. The end of a document is END."""
        ...


def smallest_type(size: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type of id for a vocabulary."""
    smallest = np.uint8 if size <= 2**8 else np.uint16
    return smallest if size <= 2**16 else np.uint32
