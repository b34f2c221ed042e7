"""Bytes to bits and back, by a range coder (Martin 1979) that spends -log2 p bits on a symbol.

Symbols 0 to V - 1 are the tokens of a tokenizer; V + b is the byte b, for text that it lacks. Every
step chooses among the V tokens and one more, the escape, which a byte follows.
"""

import math
import re
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import CheckpointError, TextError
from charrnn.events import Emit, Progress
from charrnn.extras.compress.prediction import Predictor
from charrnn.text.tokenizers import END, Tokenizer

Symbols = NDArray[np.int64]

_CHUNK = 64  # symbols that are given to the coder at once, which is faster
_REPORT = 512  # symbols between two reports of progress
_SLACK = 128.0  # bits that a whole file may seem to hold beyond its size
_COARSE = 2.0**-22  # of a probability: the coder rounds them to multiples of 2**-24, none to 0
_DROPPED = 8  # zeros at the end of a file that are left out at most, so that its size bounds it


def damaged(reason: str) -> CheckpointError:
    """The error for a compressed file that cannot be what was written."""
    return CheckpointError(f"the compressed file is damaged: {reason}", "Get another copy of it.")


class Alphabet:
    """The symbols of a tokenizer: `size` (V) tokens, then 256 bytes.

    `meanings` (V + 256) are the bytes that each symbol stands for; None for END, which no file has.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.size = tokenizer.size
        single_bytes = [bytes((byte,)) for byte in range(256)]
        self.meanings = [*_meanings(tokenizer), *single_bytes]

    def symbols(self, data: bytes) -> Symbols:
        """Any bytes -> symbols (N,) whose meanings they are, one after the other."""
        text = data.decode("utf-8", "surrogateescape")  # PEP 383: a lone surrogate is a byte
        unknown = re.escape(self._tokenizer.unknown(text))
        pieces = re.split(f"([{unknown}]+)", text) if unknown else [text]
        encoded = [self._encode(piece) for piece in pieces if piece]
        return np.concatenate([np.zeros(0, np.int64), *encoded])

    def _encode(self, piece: str) -> Symbols:
        """The tokens of a piece, or its bytes escaped where its tokens do not stand for it."""
        data = piece.encode("utf-8", "surrogateescape")
        with suppress(TextError):
            tokens = self._tokenizer.encode(piece).astype(np.int64)
            meanings = [self.meanings[token] for token in tokens.tolist()]
            if None not in meanings and b"".join(filter(None, meanings)) == data:
                return tokens
        return np.frombuffer(data, np.uint8).astype(np.int64) + self.size


def _meanings(tokenizer: Tokenizer) -> list[bytes | None]:
    """The bytes of each token (V); None for END."""
    if tokenizer.raw:
        return [bytes((byte,)) if byte < 256 else None for byte in range(tokenizer.size)]
    meanings: list[bytes | None] = [
        None if symbol == END else symbol.encode("utf-8", "surrogateescape")
        for symbol in tokenizer.symbols
    ]
    if (single_bytes := tokenizer.single_bytes) is not None:
        for token in np.flatnonzero(single_bytes >= 0):
            meanings[token] = bytes((int(single_bytes[token]),))
    return meanings


class _Escapes:
    """How likely an escape is: rare until one comes, and even odds right after one.

    Unknown characters come in runs. A file of N tokens without any costs log2(1 + N / 16384) bits.
    """

    def __init__(self) -> None:
        self._counts = [[1, 1 << 14], [1, 2]]  # of escapes, of steps: after a token, an escape
        self._after = 0

    @property
    def odds(self) -> float:
        """p / (1 - p) for an escape now."""
        escapes, steps = self._counts[self._after]
        return escapes / (steps - escapes)

    def count(self, escaped: bool) -> None:
        """Learn what came."""
        counts = self._counts[self._after]
        counts[0] += escaped
        counts[1] += 1
        self._after = int(escaped)


def encode(data: bytes, alphabet: Alphabet, predictor: Predictor, emit: Emit) -> bytes:
    """Bytes -> fewer bytes, which `decode` reads with an equal predictor."""
    from constriction import stream

    size, escapes, symbols = alphabet.size, _Escapes(), alphabet.symbols(data)
    tokens, byte = stream.model.Categorical(perfect=False), stream.model.Uniform(256)
    coder = stream.queue.RangeEncoder()
    rows, chosen, held = np.empty((_CHUNK, size + 1)), np.empty(_CHUNK, np.int32), 0
    for done, symbol in enumerate(symbols.tolist()):
        escaped = symbol >= size
        _fill(rows[held], predictor, escapes)
        chosen[held] = min(symbol, size)
        held += 1
        if escaped or held == _CHUNK:
            coder.encode(chosen[:held], tokens, rows[:held])
            held = 0
        escapes.count(escaped)
        if escaped:
            coder.encode(symbol - size, byte)
        else:
            predictor.read(symbol)
        if done % _REPORT == 0:
            emit(Progress("compressing", done, len(symbols)))
    if held:
        coder.encode(chosen[:held], tokens, rows[:held])
    emit(Progress("compressing", len(symbols), len(symbols)))
    packed: bytes = coder.get_compressed().astype(">u4").tobytes()
    return packed[:-_DROPPED] + packed[-_DROPPED:].rstrip(b"\0")  # the decoder reads zeros there


def decode(data: bytes, length: int, alphabet: Alphabet, predictor: Predictor, emit: Emit) -> bytes:
    """What `encode` has read: `length` bytes. CheckpointError as soon as that is impossible."""
    from constriction import stream

    size, escapes, row = alphabet.size, _Escapes(), np.empty((1, alphabet.size + 1))
    tokens, byte = stream.model.Categorical(perfect=False), stream.model.Uniform(256)
    words = np.frombuffer(data + bytes(-len(data) % 4), ">u4").astype(np.uint32)
    coder = stream.queue.RangeDecoder(words)
    decoded, bits, most, steps = bytearray(), 0.0, 8 * len(data) + _SLACK, 0
    while len(decoded) < length:
        _fill(row[0], predictor, escapes)
        symbol = int(_next(coder, tokens, row)[0])
        escaped = symbol == size
        bits -= math.log2(min(1.0, row[0, symbol] / row.sum() + _COARSE))
        escapes.count(escaped)
        if escaped:
            symbol, bits = size + int(_next(coder, byte)), bits + 8
        meaning = alphabet.meanings[symbol]
        if meaning is None or bits > most:
            raise damaged("it holds less than it says" if meaning else "no file has such a token")
        decoded += meaning
        if not escaped and len(decoded) < length:
            predictor.read(symbol)
        if steps % _REPORT == 0:
            emit(Progress("decompressing", min(len(decoded), length), length))
        steps += 1
    if len(decoded) > length or not coder.maybe_exhausted():
        raise damaged("it does not end where it should")
    emit(Progress("decompressing", length, length))
    return bytes(decoded)


def _fill(row: NDArray[np.float64], predictor: Predictor, escapes: _Escapes) -> None:
    """The weights (V + 1,) of the next symbol: the tokens', and the escape's."""
    row[:-1] = predictor.weights
    row[-1] = float(predictor.weights.sum()) * escapes.odds


def _next(coder: Any, *model: Any) -> Any:
    """The next symbol of a decoder, by the model that it was written with."""
    try:
        return coder.decode(*model)
    except (AssertionError, ValueError) as error:
        raise damaged("no text could have been written like this") from error
