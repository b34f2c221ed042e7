"""Which text the frames of a source say: by the likeliest alignment, a beam of prefixes, or drawn.

Prefix beam search (Graves 2012, https://doi.org/10.1007/978-3-642-24797-2, section 7.5; Hannun et
al. 2014, https://arxiv.org/abs/1408.2873) adds up the alignments of each prefix of a text.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.inference.decoding import Decoding
from charrnn.inference.fusion import Fused, Fusion
from charrnn.inference.sampling import check_finite
from charrnn.inference.search import Float32, Written, highest, log_probabilities
from charrnn.network.ctc import BLANK, log_probability, through_symbols

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
_VALUES = 1 << 20  # log-probabilities of symbols, or of alignments, computed at once
_MOST = 1 << 25  # places of symbols in the frames of a source: each takes some 70 bytes
_PRIME = np.uint64(0x100000001B3)  # of the FNV hash


def ctc_search(
    logits: Float32,
    frames: Int64,
    decoding: Decoding,
    generators: Sequence[np.random.Generator] = (),
    fusion: Fusion | None = None,
    per_position: int = 1,
) -> list[list[Written]]:
    """The texts that logits (T, B, K + 1) say, of which b has the first frames[b] frames.

    Up to the beam for each, the likeliest first. `per_position`: frames of a position. With a
    temperature a text is drawn from `generators` (B). DivergedError for logits that are not finite.
    """
    check_finite(bool(np.isfinite(logits).all()))
    logs = log_probabilities(logits).astype(np.float64)
    if decoding.beam > 1 or fusion:
        texts = _prefixes(logs, frames, decoding.beam, fusion)
    else:
        noisy = logs
        if decoding.temp:
            noise = [generator.gumbel(size=logs[:, 0].shape) for generator in generators]
            noisy = logs + decoding.temp * np.stack(noise, 1)
        paths = zip(noisy.argmax(-1).T, frames, strict=True)
        texts = [[labelling(path[:count])] for path, count in paths]
    every = _written_together(logs, frames, texts, per_position if decoding.positions else None)
    written = [[next(every) for _ in hypotheses] for hypotheses in texts]
    if fusion is None:  # a beam may have missed alignments of a text
        for hypotheses in written:
            hypotheses.sort(key=lambda text: -text.log_probability)
    return written


def labelling(path: Int64) -> list[int]:
    """An alignment (T,) without repeats and blanks."""
    first = np.append(True, path[1:] != path[:-1])
    symbols: list[int] = path[first & (path != BLANK)].tolist()
    return symbols


def _written_together(
    logs: Float64, frames: Int64, texts: Sequence[Sequence[list[int]]], per_position: int | None
) -> Iterator[Written]:
    """The texts of each source, one after the other. What is computed at once is bounded."""
    sources = [source for source, hypotheses in enumerate(texts) for _ in hypotheses]
    flat = [*chain.from_iterable(texts)]
    states = max(2 * max(map(len, flat)) + 1, logs.shape[2])
    together = max(1, _VALUES // (len(logs) * states))
    for first in range(0, len(flat), together):
        some = sources[first : first + together]
        of_some = flat[first : first + together]
        yield from _written(logs[:, some], frames[some], of_some, per_position)


def _written(
    logs: Float64, frames: Int64, texts: Sequence[list[int]], per_position: int | None
) -> Iterator[Written]:
    """A text of each of B sources, with its probability, and where its symbols are in `logs`.

    It is not said where without `per_position`, nor of a source that is too long for it.
    """
    logs = logs[: frames.max()]  # a source alone, if it is long: the others' must not count
    lengths = np.array([*map(len, texts)])
    symbols = np.zeros((max(lengths), len(texts)), np.int64)
    for column, text in enumerate(texts):
        symbols[: len(text), column] = text
    given = logs, frames, symbols, lengths
    probabilities = log_probability(*given)
    if per_position is None or len(logs) * len(symbols) > _MOST:
        nowhere = np.zeros((0, 0), np.float32)
        yield from map(Written, texts, probabilities.tolist(), repeat(nowhere))
        return
    where = np.exp(through_symbols(*given, np.logaddexp) - probabilities[:, None])
    by_position = where.reshape(len(logs) // per_position, per_position, *where.shape[1:]).sum(1)
    likeliest = through_symbols(*given, np.maximum).argmax(0) // per_position
    for column, (text, count) in enumerate(zip(texts, frames // per_position, strict=True)):
        of_text = by_position[:count, column, : len(text)]
        share = (of_text / of_text.sum(0)).T.astype(np.float32)
        positions = likeliest[column, : len(text)].tolist()
        yield Written(text, float(probabilities[column]), share, positions)


class _Prefixes(NamedTuple):
    """`W` prefixes of texts for each of B sources.

    The log-probabilities (B, W) of their alignments that end with BLANK and with their last symbol;
    that symbol, 0 of none; a hash of each prefix, and of the one that is a symbol shorter.
    """

    blank: Float64
    symbol: Float64
    last: Int64
    key: NDArray[np.uint64]
    parent: NDArray[np.uint64]

    @classmethod
    def empty(cls, batch: int, size: int) -> "_Prefixes":
        """One empty prefix for each source; no alignment of the others is possible."""
        blank, shape = np.full((batch, size), -np.inf), (batch, size)
        blank[:, 0] = 0.0
        keys = np.zeros(shape, np.uint64), np.full(shape, np.iinfo(np.uint64).max)
        return cls(blank, np.full(shape, -np.inf), np.zeros(shape, np.int64), *keys)

    @property
    def total(self) -> Float64:
        """The log-probability (B, W) of all alignments of each."""
        return np.asarray(np.logaddexp(self.blank, self.symbol))

    def read(self, logs: Float64) -> tuple["_Prefixes", Float64]:
        """After a frame (B, K + 1): these prefixes, and log-probabilities (B, W, K + 1).

        Of each as it is, and with one more symbol. A longer one that is among these prefixes counts
        there, and is impossible otherwise.
        """
        total, last = self.total, self.last
        repeated = np.take_along_axis(logs, last, 1)
        blank, symbol = total + logs[:, :1], self.symbol + repeated
        longer = total[..., None] + logs[:, None]
        source, row = np.nonzero(last)  # after a symbol itself, only a blank lets it come again
        longer[source, row, last[source, row]] = (self.blank + repeated)[source, row]
        is_parent = self.parent[:, :, None] == self.key[:, None, :]
        possible = total > -np.inf  # rows that are not have keys of others
        source, child, parent = np.nonzero(is_parent & possible[:, :, None] & possible[:, None, :])
        grown = last[source, child]
        joined = longer[source, parent, grown]
        symbol[source, child] = np.logaddexp(symbol[source, child], joined)
        longer[source, parent, grown] = -np.inf
        prefixes = self._replace(blank=blank, symbol=symbol)
        longer[..., 0] = prefixes.total
        return prefixes, longer

    def chosen(self, rows: Int64, symbols: Int64, scores: Float64) -> "_Prefixes":
        """Those of these rows (B, W), longer by a symbol of these log-probabilities, or by none."""
        blank, symbol, last, key, parent = (np.take_along_axis(a, rows, 1) for a in self)
        grows = symbols > 0
        grown_key = (key + np.uint64(1)) * _PRIME + symbols.astype(np.uint64)
        return _Prefixes(
            np.where(grows, -np.inf, blank), np.where(grows, scores, symbol),
            np.where(grows, symbols, last), np.where(grows, grown_key, key),
            np.where(grows, key, parent),
        )  # fmt: skip


def _prefixes(
    logs: Float64, frames: Int64, size: int, fusion: Fusion | None
) -> list[list[list[int]]]:
    """The `size` likeliest texts of each source that a beam of as many prefixes finds."""
    steps, batch, _ = logs.shape
    prefixes = _Prefixes.empty(batch, size)
    fused = fusion.begin(batch * size) if fusion else None
    origins: list[tuple[Int64, Int64]] = []
    over = np.full(logs.shape[2], -np.inf)
    over[BLANK] = 0.0
    for step in range(steps):
        frame = np.where((step < frames)[:, None], logs[step], over)
        prefixes, longer = prefixes.read(frame)
        rows, symbols, scores = _best(longer, fused)
        prefixes = prefixes.chosen(rows, symbols, scores)
        if fusion and fused:
            flat = rows + size * np.arange(batch)[:, None]
            fused = fusion.advance(fused.taken(flat.ravel()), symbols.ravel())
        origins.append((rows, symbols))
    total = prefixes.total
    if fused:
        total = total + (fused.scores + fused.logs[:, 0]).reshape(total.shape)
    order = np.argsort(-total, 1, kind="stable")
    return [
        [_traced(origins, source, row) for row in rows.tolist() if total[source, row] > -np.inf]
        for source, rows in enumerate(order)
    ]


def _best(longer: Float64, fused: Fused | None) -> tuple[Int64, Int64, Float64]:
    """The W likeliest of prefixes as `read` gives them (B, W, K + 1): rows, symbols (B, W).

    Symbol 0 is none. With their log-probabilities, which leave the language model out.
    """
    (batch, size, choices), scores = longer.shape, longer
    if fused:
        scores = longer + fused.scores.reshape(batch, size, 1)
        scores[..., 1:] += fused.logs.reshape(longer.shape)[..., 1:]
    best = highest(scores.reshape(batch, -1), size)
    values = np.take_along_axis(longer.reshape(batch, -1), best, 1)
    return best // choices, best % choices, values


def _traced(origins: Sequence[tuple[Int64, Int64]], source: int, row: int) -> list[int]:
    """The symbols of the prefix in this row, from those that it grew by at each frame."""
    text = []
    for rows, symbols in reversed(origins):
        if symbols[source, row]:
            text.append(int(symbols[source, row]))
        row = int(rows[source, row])
    return text[::-1]
