"""Which text a decoder writes: the likeliest by beam search, or one that is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from charrnn.inference.decoding import GREEDY, Decoding
from charrnn.inference.fusion import Fusion
from charrnn.inference.sampling import check_finite
from charrnn.network.decoder import END, Decoder, Source
from charrnn.network.layers import State

Float32 = NDArray[np.float32]
_Candidates = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Rows, symbols and scores (N, C), the best first."""
_FEW = 0.75  # of the sources: the others, which have ended, are left out of the products then


@dataclass(frozen=True)
class Written:
    """A text by its symbols (T), END left out. `attention` (T, S): where each came from.

    It is empty where that was not asked for, or the source is too long.
    """

    symbols: list[int]
    log_probability: float
    attention: Float32
    positions: list[int] | None = None
    """The position of the source that each symbol has in the likeliest alignment, if it has one."""


class _Beams:
    """The unfinished texts of a search, `size` for each of N sources, and those that have ended.

    The sources are those of B for which better texts may be found.
    """

    def __init__(self, batch: int, size: int) -> None:
        self.size, self.sources = size, np.arange(batch)
        self.scores = np.full((batch, size), -np.inf)
        self.scores[:, 0] = 0.0
        self.steps: list[tuple[NDArray[np.int64], NDArray[np.int64], Float32]] = []
        """Of each step, by row: the row that it continues, its symbol, the attention before it."""
        self.ended: list[list[Written]] = [[] for _ in range(batch)]
        self.exceed = np.full(batch, -np.inf)
        """What an unfinished text of each source must exceed: the last of those that have ended."""

    @property
    def unfinished(self) -> NDArray[np.int64]:
        """Which of the N sources have an unfinished text that can become one of the best."""
        return np.flatnonzero(self.scores.max(1) > self.exceed[self.sources])

    def keep(self, chosen: NDArray[np.int64]) -> None:
        """Go on with these of the N sources alone."""
        shape = len(self.sources), self.size
        rows, symbols, attention = self.steps[-1]
        rows, symbols = (a.reshape(shape)[chosen].ravel() for a in (rows, symbols))
        self.steps[-1] = rows, symbols, attention
        self.scores, self.sources = self.scores[chosen], self.sources[chosen]

    def advance(
        self, parents: NDArray[np.int64], symbols: NDArray[np.int64], scores: NDArray[np.float64],
        attention: Float32,
    ) -> None:  # fmt: skip
        """Take the best candidates (N, C) of each source, the best one first.

        Of those among the first `size` that end, note the texts; of the others, keep `size`.
        """
        rows = parents + self.size * np.arange(len(parents))[:, None]
        possible, ends = scores > -np.inf, symbols == END
        for n, rank in np.argwhere((possible & ends)[:, : self.size]).tolist():
            self._end(int(self.sources[n]), int(rows[n, rank]), float(scores[n, rank]))
        goes_on = possible & ~ends
        kept = np.argsort(~goes_on, 1, kind="stable")[:, : self.size]
        rows, symbols, scores, goes_on = (
            np.take_along_axis(array, kept, 1) for array in (rows, symbols, scores, goes_on)
        )
        self.scores = np.where(goes_on, scores, -np.inf)
        self.steps.append((rows.ravel(), np.where(goes_on, symbols, END).ravel(), attention))

    def _end(self, source: int, row: int, score: float) -> None:
        symbols, attention = [], []
        for rows, chosen, attended in reversed(self.steps):
            symbols.append(int(chosen[row]))
            row = int(rows[row])
            attention.append(attended[row])
        written = Written(symbols[::-1], score, np.array(attention[::-1], np.float32))
        ended = self.ended[source]
        ended.append(written)
        ended.sort(key=lambda other: -other.log_probability)
        del ended[self.size :]
        if len(ended) == self.size:
            self.exceed[source] = ended[-1].log_probability


def search(
    decoder: Decoder,
    source: Source,
    most: NDArray[np.int64],
    decoding: Decoding = GREEDY,
    generators: Sequence[np.random.Generator] = (),
    fusion: Fusion | None = None,
) -> list[list[Written]]:
    """The texts that are likeliest for each of B sources, up to the beam, the best one first.

    `most` (B,): symbols that a text may have. With a temperature above 0 a text is drawn for each,
    from `generators` (B) of its own. No text is empty. DivergedError if the network gives no finite
    probabilities.
    """
    batch, beam = source.mask.shape[1], decoding.beam
    beams = _Beams(batch, beam)
    repeated = source.repeated(np.repeat(np.arange(batch), beam))
    state = decoder.first_state(repeated)
    symbols = np.full(batch * beam, END)
    fused = fusion.begin(batch * beam) if fusion else None
    for step in range(int(most.max()) + 1):
        exact, state, attention = _step(decoder, symbols, state, repeated)
        logs = _possible(exact.reshape(len(most), beam, -1), step, most)
        if fused:
            logs = logs + fused.logs.reshape(logs.shape)
        total = beams.scores[..., None] + logs
        drawn = decoding.temp > 0
        chosen = _drawn(total, logs, decoding.temp, generators) if drawn else _likeliest(total)
        beams.advance(*chosen, attention)
        unfinished = beams.unfinished
        if not len(unfinished):
            break
        if len(unfinished) <= _FEW * len(most):
            beams.keep(unfinished)
            most = most[unfinished]
            generators = [generators[n] for n in unfinished] if generators else ()
            repeated = repeated.repeated((beam * unfinished[:, None] + np.arange(beam)).ravel())
        rows, symbols, _ = beams.steps[-1]
        state = tuple(tuple(array[rows] for array in layer) for layer in state)
        if fusion and fused:
            fused = fusion.advance(fused.taken(rows), symbols)
    return [[_without(text, fusion) for text in texts] for texts in beams.ended]


def _step(
    decoder: Decoder, symbols: NDArray[np.int64], state: State, source: Source
) -> tuple[NDArray[np.float64], State, Float32]:
    """As `Decoder.step`, but log-probabilities (R, V)."""
    with np.errstate(all="ignore"):  # what is not finite shows in the probabilities
        logits, state, attention = decoder.step(symbols, state, source)
        logs = log_probabilities(logits).astype(np.float64)
    check_finite(not np.isnan(logs).any())
    return logs, state, attention


def _possible(logs: NDArray[np.float64], step: int, most: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log-probabilities (N, beam, V) of which a text may not be empty, nor longer than `most`."""
    if step == 0:
        logs[..., END] = -np.inf
    logs[most <= step, :, END + 1 :] = -np.inf
    return logs


def log_probabilities(logits: Float32) -> Float32:
    """Logits (..., V) -> the logarithms of the probabilities that they stand for."""
    logits = logits - logits.max(-1, keepdims=True)
    logs: Float32 = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return logs


def _likeliest(total: NDArray[np.float64]) -> _Candidates:
    """Log-probabilities of whole texts (B, beam, V) -> the best 2 * beam of them."""
    batch, beam, symbols = total.shape
    total = total.reshape(batch, -1)
    best = highest(total, min(2 * beam, total.shape[1]))
    return best // symbols, best % symbols, np.take_along_axis(total, best, 1)


def highest(scores: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The indices (B, count) of the highest scores (B, N), the highest first."""
    best = np.argpartition(-scores, count - 1, 1)[:, :count]
    ranks = np.argsort(-np.take_along_axis(scores, best, 1), 1, kind="stable")
    return np.take_along_axis(best, ranks, 1)


def _drawn(
    total: NDArray[np.float64],
    logs: NDArray[np.float64],
    temp: float,
    generators: Sequence[np.random.Generator],
) -> _Candidates:
    """Log-probabilities of whole texts and of their last symbols (B, 1, V) -> one that is drawn.

    It has the largest sum with Gumbel noise, times the temperature (Gumbel 1954).
    """
    noise = np.stack([generator.gumbel(size=logs.shape[1:]) for generator in generators])
    chosen = (logs + temp * noise)[:, 0].argmax(1)[:, None]
    return np.zeros_like(chosen), chosen, np.take_along_axis(total[:, 0], chosen, 1)


def _without(text: Written, fusion: Fusion | None) -> Written:
    """A text with the decoder's own log-probability, without that of the language model."""
    if fusion is None:
        return text
    return replace(text, log_probability=text.log_probability - fusion.total(text.symbols))
