"""Bytes as symbols that a model can predict, and back: a token, or an escaped byte.

Symbols 0 to V - 1 are the tokens of a tokenizer; V + b is the byte b, for what it lacks.
"""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.text.tokenizers import END, Tokenizer

Symbols = NDArray[np.int64]


class Alphabet:
    """The symbols of a tokenizer: `size` (V) tokens, then 256 bytes.

    `meanings` (V + 256) are the bytes that each symbol stands for; None for END, which no file has.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.size = tokenizer.size
        escaped = [bytes((byte,)) for byte in range(256)]
        self.meanings = [*_meanings(tokenizer), *escaped]

    def symbols(self, data: bytes) -> Symbols:
        """Any bytes -> symbols (N,) whose meanings they are, one after the other."""
        text = data.decode("utf-8", "surrogateescape")  # PEP 383: a lone surrogate is a byte
        found = [self._run(piece) for piece in self._pieces(text)]
        return np.concatenate([np.zeros(0, np.int64), *found])

    def _pieces(self, text: str) -> Iterator[str]:
        """The text, cut between characters with a token and characters without one."""
        unknown = self._tokenizer.unknown(text)
        if not unknown:
            yield text
            return
        for piece in re.finditer(f"[{re.escape(unknown)}]+|[^{re.escape(unknown)}]+", text):
            yield piece.group()

    def _run(self, piece: str) -> Symbols:
        """The tokens of a piece, or its bytes escaped where its tokens do not stand for it."""
        data = piece.encode("utf-8", "surrogateescape")
        try:
            tokens = self._tokenizer.encode(piece)
        except TextError:
            tokens = None
        if tokens is not None and self._means(tokens.tolist(), data):
            return tokens.astype(np.int64)
        return np.frombuffer(data, np.uint8).astype(np.int64) + self.size

    def _means(self, tokens: list[int], data: bytes) -> bool:
        meanings = [self.meanings[token] for token in tokens]
        return None not in meanings and b"".join(filter(None, meanings)) == data


def _meanings(tokenizer: Tokenizer) -> list[bytes | None]:
    """The bytes of each token (V); None for END."""
    if tokenizer.raw:
        return [bytes((byte,)) if byte < 256 else None for byte in range(tokenizer.size)]
    single = tokenizer.single_bytes
    found: list[bytes | None] = []
    for token, symbol in enumerate(tokenizer.symbols):
        if single is not None and single[token] >= 0:
            found.append(bytes((int(single[token]),)))
        else:
            found.append(None if symbol == END else symbol.encode("utf-8", "surrogateescape"))
    return found
