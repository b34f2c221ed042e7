"""Symbols to bits and back, by a range coder (Martin 1979) that spends -log2 p bits on each.

Every step chooses among the V tokens and one more, the escape, which a byte follows.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import MissingError
from charrnn.events import Emit, Progress
from charrnn.extras.compress.header import damaged
from charrnn.extras.compress.prediction import Predictor
from charrnn.extras.compress.symbols import Alphabet, Symbols

_TOGETHER = 64  # symbols that are given to the coder at once, which is faster
_REPORT = 512  # symbols between two reports of progress
_SLACK = 128.0  # bits that a whole file may seem to hold beyond its size
_COARSE = 2.0**-22  # of a probability: the coder rounds them to multiples of 2**-24, none to 0
_DROPPED = 8  # zeros at the end of a file that are left out at most, so that its size bounds it


def check_coder() -> None:
    """MissingError where the package with the range coder is not installed."""
    try:
        import constriction  # noqa: F401
    except ImportError:
        raise MissingError(
            "files are compressed by the package constriction, which is not installed",
            "pip install 'charrnn-toolkit[compress]'.",
        ) from None


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


def encode(symbols: Symbols, alphabet: Alphabet, predictor: Predictor, emit: Emit) -> bytes:
    """Symbols (N,) -> bytes, which `decode` reads with an equal predictor."""
    from constriction import stream

    size, escapes = alphabet.size, _Escapes()
    tokens, byte = stream.model.Categorical(perfect=False), stream.model.Uniform(256)
    coder = stream.queue.RangeEncoder()
    rows, chosen, held = np.empty((_TOGETHER, size + 1)), np.empty(_TOGETHER, np.int32), 0
    for done, symbol in enumerate(symbols.tolist()):
        escaped = symbol >= size
        _fill(rows[held], predictor, escapes)
        chosen[held] = min(symbol, size)
        held += 1
        if escaped or held == _TOGETHER:
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
    return _packed(coder.get_compressed())


def decode(data: bytes, length: int, alphabet: Alphabet, predictor: Predictor, emit: Emit) -> bytes:
    """What `encode` has read: `length` bytes. CheckpointError as soon as that is impossible."""
    from constriction import stream

    size, escapes, row = alphabet.size, _Escapes(), np.empty((1, alphabet.size + 1))
    tokens, byte = stream.model.Categorical(perfect=False), stream.model.Uniform(256)
    coder = stream.queue.RangeDecoder(_unpacked(data))
    found, bits, most, steps = bytearray(), 0.0, 8 * len(data) + _SLACK, 0
    while len(found) < length:
        _fill(row[0], predictor, escapes)
        symbol = int(_decoded(coder, tokens, row)[0])
        escaped = symbol == size
        bits -= math.log2(min(1.0, row[0, symbol] / row.sum() + _COARSE))
        escapes.count(escaped)
        if escaped:
            symbol, bits = size + int(_decoded(coder, byte)), bits + 8
        meaning = alphabet.meanings[symbol]
        if meaning is None or bits > most:
            raise damaged("it holds less than it says" if meaning else "no file has such a token")
        found += meaning
        if not escaped and len(found) < length:
            predictor.read(symbol)
        if steps % _REPORT == 0:
            emit(Progress("decompressing", min(len(found), length), length))
        steps += 1
    if len(found) > length or not coder.maybe_exhausted():
        raise damaged("it does not end where it should")
    emit(Progress("decompressing", length, length))
    return bytes(found)


def _fill(row: NDArray[np.float64], predictor: Predictor, escapes: _Escapes) -> None:
    """The weights (V + 1,) of the next symbol: the tokens', and the escape's."""
    row[:-1] = predictor.weights
    row[-1] = float(predictor.weights.sum()) * escapes.odds


def _decoded(coder: Any, *how: Any) -> Any:
    try:
        return coder.decode(*how)
    except (AssertionError, ValueError) as error:
        raise damaged("no text could have been written like this") from error


def _packed(words: NDArray[np.uint32]) -> bytes:
    """The coder's words as bytes, without the last zeros, which the decoder reads past the end."""
    data = words.astype(">u4").tobytes()
    return data[:-_DROPPED] + data[-_DROPPED:].rstrip(b"\0")


def _unpacked(data: bytes) -> NDArray[np.uint32]:
    return np.frombuffer(data + bytes(-len(data) % 4), ">u4").astype(np.uint32)
