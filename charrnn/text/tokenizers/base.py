"""What every tokenizer does.

Text is `str`. Bytes that are not UTF-8 are lone surrogates in it (PEP 383), which only the byte
tokenizer encodes and decodes. The end of a document is a character of its own in it, END, which no
text has; it is a token where the corpus has documents.
"""

import codecs
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError, plural
from charrnn.events import Unit
from charrnn.settings import TextSettings, TokenizerName

END = "\ud800"
"""The end of a document within a text: half a surrogate pair, which neither UTF-8 nor PEP 383 uses.
It counts as one character and one byte, as a line's end would."""

DOCUMENT_END = "end of document"
"""What people read in its place."""

Ids = NDArray[np.unsignedinteger[Any]]
Decoder = Callable[[int], str]
"""Token id -> the whole characters it completes, perhaps none yet."""
Token = str | int
"""What a token stands for: a text, or a byte of UTF-8, with which any text can be written."""

_LONE = dict.fromkeys(range(0xDC80, 0xDD00), "\N{REPLACEMENT CHARACTER}") | {ord(END): "\n"}


def valid_unicode(text: str) -> str:
    """The text for output that must be Unicode: U+FFFD for a byte that is not UTF-8, LF for END."""
    return text.translate(_LONE)


def smallest_type(size: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type of id for a vocabulary."""
    smallest = np.uint8 if size <= 2**8 else np.uint16
    return smallest if size <= 2**16 else np.uint32


class Tokenizer(ABC):
    """A vocabulary of V tokens; ids are their indices. `end`: the id of END, if it has that."""

    kind: ClassVar[TokenizerName]
    unit: ClassVar[Unit] = "character"
    """What people see bits per."""
    raw: ClassVar[bool] = False
    """Whether it encodes any bytes, text or not."""
    whole: ClassVar[bool] = False
    """Whether a token is never cut, and counts as one character, however it is written."""
    of_training: ClassVar[bool] = False
    """Whether it is learned from the training part alone, and so depends on the split."""

    ordered = slice(0)
    """The tokens whose order means something."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.size = len(tokens)
        self.end = tokens.index(END) if END in tokens else None

    @property
    def symbols(self) -> list[str]:
        """What each token (V) stands for, all different: `e`, `<0x0A>`, END.

        Equal symbols of two tokenizers mean the same.
        """
        return [f"<0x{token:02X}>" if isinstance(token, int) else token for token in self.tokens]

    @property
    def names(self) -> list[str]:
        """The same, with the words for END that people read."""
        return [DOCUMENT_END if symbol == END else symbol for symbol in self.symbols]

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Characters (V,) and bytes of UTF-8 (V,) of each token."""
        characters, sizes = [], []
        for token in self.tokens:
            if isinstance(token, int):
                characters.append(int(token & 0xC0 != 0x80))  # others continue a character
                sizes.append(1)
            else:
                characters.append(len(token))
                sizes.append(1 if token == END else len(token.encode()))
        return np.array(characters, np.int64), np.array(sizes, np.int64)

    @property
    def single_bytes(self) -> NDArray[np.int64] | None:
        """The byte (V,) that each token is, -1 for whole characters.

        None if every token is whole characters, or if the texts need not be UTF-8.
        """
        values = [token if isinstance(token, int) else -1 for token in self.tokens]
        return np.array(values, np.int64) if max(values) >= 0 else None

    @classmethod
    @abstractmethod
    def learn(cls, text: Iterable[str], settings: TextSettings) -> Self:
        """The tokenizer for a text, which comes in pieces.

        It has END where `settings.document_per` is given.
        """

    @classmethod
    @abstractmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Raises ValueError if `data` does not come from `to_json`."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Everything that `from_json` needs, except `kind`."""

    @abstractmethod
    def encode(self, text: str) -> Ids:
        """Ids (N,) in the smallest type that holds V. TextError for a character without a token."""

    def decoder(self, after: str = "") -> Decoder:  # noqa: ARG002  (for what depends on it)
        """A new decoder of one stream of ids, which follows a text. The end of a document is END.

        Bytes that are not UTF-8 are U+FFFD, or lone surrogates where they are encoded.
        """
        errors = "surrogateescape" if self.raw else "replace"
        utf8, tokens = codecs.getincrementaldecoder("utf-8")(errors), self.tokens

        def decode(token: int) -> str:
            meaning = tokens[token]
            if isinstance(meaning, int):
                return utf8.decode(bytes((meaning,)))
            return utf8.decode(b"", final=True) + meaning

        return decode

    def cut(self, text: str) -> int:
        """The last index where a text may be cut so that both parts encode as the whole does.

        `text` begins at such an index, and more text may follow. Few characters stand behind it, or
        less than a line.
        """
        return len(text)

    def unknown(self, text: str) -> str:
        """The characters of a text, each once, that it cannot encode: halves of surrogate pairs."""
        halves = set(re.findall("[\ud800-\udfff]", text))
        if self.raw:
            halves -= set(map(chr, range(0xDC80, 0xDD00)))
        return "".join(sorted(halves - {END} if self.end is not None else halves))

    def unknown_error(self, text: str) -> TextError:
        """The error for a text with characters that it cannot encode."""
        unknown = self.unknown(text)
        matches = [*re.finditer(f"[{re.escape(unknown)}]", text)]
        first, number, others = matches[0][0], matches[0].end(), len(unknown) - 1
        message = f"the vocabulary has no {first!r} (U+{ord(first):04X}, character {number})"
        if others:
            message += f", nor {plural(others, 'other character')} of the text"
        if len(matches) > 1:
            message += f"; {len(matches)} occurrences in all"
        return TextError(
            message,
            "sample, predict, eval and classify leave such characters out with --unknown skip, or "
            "replace them with --unknown nearest.\n"
            "A model trained with --tokenizer byte or --min-count 2 takes any text.",
        )


def read_flag(data: dict[str, Any], name: str) -> bool:
    """A value of a tokenizer's JSON that says whether; false without it. Raises ValueError."""
    if not isinstance(value := data.get(name, False), bool):
        raise ValueError(f"{name!r} of a tokenizer must be true or false")
    return value
