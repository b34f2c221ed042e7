"""Which text a decoder writes: the likeliest by beam search, or one that is drawn."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import UsageError
from charrnn.inference.fusion import Fusion, TextScorer
from charrnn.inference.sampling import check_finite
from charrnn.network.decoder import END, Decoder, Source
from charrnn.settings import ModelSettings, no_effect

Float32 = NDArray[np.float32]
_Candidates = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Rows, symbols and scores (B, C), the best first."""


@dataclass(frozen=True)
class Decoding:
    """What is made of probabilities. A sequence: the likeliest of `beam`, or drawn at a `temp`.

    Labels: the `top` likeliest, and those above a `threshold`. UsageError for values out of bounds.
    """

    beam: int = 1
    temp: float = 0.0
    seed: int | None = None
    max_length: int | None = None
    """Symbols that a sequence may have."""
    top: int | None = None
    threshold: float | None = None
    language_model: TextScorer | None = None
    """What has its say in the beam."""
    weight: float | None = None
    """Of its log-probabilities, 0.3 where it is not given."""
    places: bool = True
    """Whether a text by CTC says where its symbols are, which takes longer."""
    skipped: int = 0
    """Examples before the first one: what is drawn for one follows from the seed and its index."""

    def __post_init__(self) -> None:
        counts = (self.beam, self.max_length, self.top)
        if any(n is not None and n < 1 for n in counts):
            raise UsageError("a beam, a length and a top are 1 or more", "Take a larger one.")
        for value, noun in ((self.temp, "temperature"), (self.weight or 0.0, "weight")):
            if not 0 <= value < math.inf:
                raise UsageError(f"{value} is not a {noun}", "Take 0 or more.")
        searches = "--beam" if self.beam > 1 else "--language-model" if self.language_model else ""
        if searches and self.temp > 0:
            raise UsageError(
                f"{searches} searches for the likeliest text, and --temp draws one",
                "Leave one of them out.",
            )
        if self.weight is not None and not self.language_model:
            raise no_effect("weight", "no language model", "give --language-model RUN, too")
        if self.seed is not None and not self.temp:
            raise no_effect("seed", "--temp 0", "give --temp 1, too")

    def check_effective(self, model: ModelSettings, options: Collection[str]) -> None:
        """Raise UsageError for a value that is no default, but for the `options` of a model."""
        for field in fields(self):
            if (
                field.name in (*options, "places", "skipped")
                or getattr(self, field.name) == field.default
            ):
                continue
            if field.name == "max_length" and model.decoder == "ctc":
                raise no_effect("max_length", "--decoder ctc", "name a run of another decoder")
            does = "predicts labels" if field.name in ("top", "threshold") else "writes texts"
            raise no_effect(field.name, f"--task {model.task}", f"name a run that {does}")

    def generators(self, examples: Iterable[int]) -> list[np.random.Generator]:
        """Random numbers for each of these examples; none where nothing is drawn."""
        if not self.temp:
            return []
        drawn = [None if self.seed is None else [self.seed, self.skipped + n] for n in examples]
        return [np.random.default_rng(seed) for seed in drawn]


GREEDY = Decoding()


@dataclass(frozen=True)
class Written:
    """A text by its symbols (T), END left out. `attention` (T, S): where each came from."""

    symbols: list[int]
    log_probability: float
    attention: Float32
    positions: list[int] | None = None
    """The position of the source that each symbol has in the likeliest alignment, if it has one."""


class _Beams:
    """The unfinished texts of a search, `size` for each of B sources, and those that have ended."""

    def __init__(self, batch: int, size: int) -> None:
        self.size = size
        self.scores = np.full((batch, size), -np.inf)
        self.scores[:, 0] = 0.0
        self.steps: list[tuple[NDArray[np.int64], NDArray[np.int64], Float32]] = []
        """Of each step, by row: the row that it continues, its symbol, the attention before it."""
        self.ended: list[list[Written]] = [[] for _ in range(batch)]

    @property
    def done(self) -> bool:
        """Whether no unfinished text can become better than those that have ended."""
        return all(map(self._is_done, range(len(self.ended))))

    def _is_done(self, text: int) -> bool:
        ended = self.ended[text]
        return len(ended) >= self.size and self.scores[text].max() <= ended[-1].log_probability

    def advance(
        self, parents: NDArray[np.int64], symbols: NDArray[np.int64], scores: NDArray[np.float64],
        attention: Float32,
    ) -> None:  # fmt: skip
        """Take the best candidates (B, C) of each source, the best one first.

        Of those among the first `size` that end, note the texts; of the others, keep `size`.
        """
        rows = parents + self.size * np.arange(len(parents))[:, None]
        possible, ends = scores > -np.inf, symbols == END
        for text, rank in np.argwhere((possible & ends)[:, : self.size]).tolist():
            self._end(text, int(rows[text, rank]), float(scores[text, rank]))
        goes_on = possible & ~ends
        kept = np.argsort(~goes_on, 1, kind="stable")[:, : self.size]
        rows, symbols, scores, goes_on = (
            np.take_along_axis(array, kept, 1) for array in (rows, symbols, scores, goes_on)
        )
        self.scores = np.where(goes_on, scores, -np.inf)
        self.steps.append((rows.ravel(), np.where(goes_on, symbols, END).ravel(), attention))

    def _end(self, text: int, row: int, score: float) -> None:
        symbols, attention = [], []
        for rows, chosen, attended in reversed(self.steps):
            symbols.append(int(chosen[row]))
            row = int(rows[row])
            attention.append(attended[row])
        written = Written(symbols[::-1], score, np.array(attention[::-1], np.float32))
        ended = self.ended[text]
        ended.append(written)
        ended.sort(key=lambda other: -other.log_probability)
        del ended[self.size :]


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
        with np.errstate(all="ignore"):  # what is not finite shows in the probabilities
            logits, state, attention = decoder.step(symbols, state, repeated)
            exact = log_probabilities(logits).astype(np.float64)
        check_finite(not np.isnan(exact).any())
        logs = exact.reshape(batch, beam, -1)
        if step == 0:
            logs[..., END] = -np.inf
        logs[most <= step, :, END + 1 :] = -np.inf
        if fused:
            logs = logs + fused.logs.reshape(logs.shape)
        total = beams.scores[..., None] + logs
        if decoding.temp > 0:
            chosen = _drawn(total, logs, decoding.temp, generators)
        else:
            chosen = _likeliest(total)
        beams.advance(*chosen, attention)
        rows, symbols, _ = beams.steps[-1]
        if beams.done or not np.isfinite(beams.scores).any():
            break
        state = tuple(tuple(array[rows] for array in layer) for layer in state)
        if fusion and fused:
            fused = fusion.advance(fused.taken(rows), symbols)
    return [[_without(text, fusion) for text in texts] for texts in beams.ended]


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
