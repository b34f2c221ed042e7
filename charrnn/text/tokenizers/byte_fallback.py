"""Vocabularies in which some tokens are text and others are single bytes of UTF-8.

A text that no other token covers is written with the bytes, so that such a vocabulary encodes any.
"""

import codecs
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text.tokenizers.base import END, Decoder

Token = str | int
"""The text that a token stands for, or its byte."""


class TextAndBytes:
    """A vocabulary of such tokens (V): what it says of each."""

    tokens: list[Token]

    @property
    def size(self) -> int:
        return len(self.tokens)

    @property
    def symbols(self) -> list[str]:
        return [f"<0x{token:02X}>" if isinstance(token, int) else token for token in self.tokens]

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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
        values = [token if isinstance(token, int) else -1 for token in self.tokens]
        return np.array(values, np.int64) if max(values) >= 0 else None


def decoder_of(tokens: Sequence[Token]) -> Decoder:
    """A new decoder: U+FFFD stands for bytes that are not UTF-8."""
    utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def decode(token: int) -> str:
        meaning = tokens[token]
        if isinstance(meaning, int):
            return utf8.decode(bytes((meaning,)))
        return utf8.decode(b"", final=True) + meaning

    return decode


def unknown_error(text: str, unknown: str) -> TextError:
    """The error for a text with these characters that a vocabulary has no tokens for."""
    indices = [match.start() for match in re.finditer(f"[{re.escape(unknown)}]", text)]
    first, others = text[indices[0]], len(unknown) - 1
    message = f"the vocabulary has no {first!r} (U+{ord(first):04X}, character {indices[0] + 1})"
    if others:
        message += f", nor {others} other character{'s' * (others > 1)} of the text"
    if len(indices) > 1:
        message += f"; {len(indices)} occurrences in all"
    return TextError(
        message,
        "sample, predict, eval and classify leave such characters out with --unknown skip, or "
        "replace them with --unknown nearest.\n"
        "A model trained with --tokenizer byte or --min-count 2 takes any text.",
    )
