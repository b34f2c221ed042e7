"""What a model expects of the next numbers of a series: draws from its distributions.

A distribution has the probabilities of the bins, and is even within each. Tokens that are no
numbers are left out: the missing one, and the end of a series.
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from charrnn.inference.drawing import RECENT, Prompt, draw
from charrnn.inference.sampling import check_finite, generator_of, token_tables
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Ids
from charrnn.text.tokenizers.number import MISSING, Numbers
from charrnn.text.tokenizers.number_scale import Values

_CHUNK = 512  # numbers read at once
_NEVER = -1e9  # a logit


@dataclass(frozen=True)
class Series:
    """The numbers (N,) of a series, NaN where one is missing, and their tokens (N,)."""

    values: Values
    ids: Ids


class Forecaster:
    """A language model of numbers."""

    def __init__(self, network: LanguageModel, tokenizer: Numbers) -> None:
        bias = network.weights["head.bias"].copy()
        bias[[MISSING] if tokenizer.end is None else [MISSING, tokenizer.end]] = _NEVER
        self.network = LanguageModel(network.settings, {**network.weights, "head.bias": bias})
        self.tokenizer, self.scale, self.bins = tokenizer, tokenizer.scale, tokenizer.bins

    def next_numbers(self, series: Series, first: int, count: int) -> Values:
        """`count` quantiles (N - first, count) of each number from `first` on, one step ahead."""
        state, rows = self._read(series.ids[: first - 1])[1], []
        history = self.tokenizer.scaled(series.ids, series.values)
        levels = (np.arange(count) + 0.5) / count
        for begin in range(first - 1, len(series.ids) - 1, _CHUNK):
            ids = series.ids[begin : min(begin + _CHUNK, len(series.ids) - 1)]
            with np.errstate(all="ignore"):
                trace = self.network.trace(ids, state)
            state = trace.last_state
            for step, logits in enumerate(trace.logits, begin + 1):
                differences = np.interp(levels, self._cumulative(logits), self.bins.edges)
                rows.append(self.scale.expected(history[:step]) + differences)
        return self.scale.unscaled(np.array(rows))

    def _cumulative(self, logits: NDArray[np.floating]) -> Values:
        """Logits (V,) -> the probability (B + 1,) below each edge of the bins."""
        check_finite(bool(np.isfinite(logits).all()))
        logits = logits[MISSING + 1 : MISSING + 1 + len(self.bins.centres)].astype(np.float64)
        weights = np.exp(logits - logits.max())
        return np.append(0.0, weights.cumsum() / weights.sum())

    def _read(self, ids: Ids) -> tuple[NDArray[np.floating], State]:
        """The logits (V,) and the state after ids (N,): after nothing, as a text begins."""
        logits, state = np.zeros(self.tokenizer.size, np.float32), self.network.zero_state()
        for begin in range(0, len(ids), _CHUNK):
            with np.errstate(all="ignore"):
                trace = self.network.trace(ids[begin : begin + _CHUNK], state)
            logits, state = trace.logits[-1], trace.last_state
        return logits, state

    def paths(self, series: Series, horizon: int, count: int, seed: int | None) -> Values:
        """How a series may go on: `count` continuations (horizon, count)."""
        logits, state = self._read(series.ids)
        repeated = tuple(
            tuple(np.repeat(array[None], count, axis=0) for array in layer) for layer in state
        )
        prompt = Prompt(np.repeat(logits[None], count, axis=0), repeated, np.zeros((count, RECENT)))
        generator, settings = generator_of(seed, 0), SampleSettings()
        tables = token_tables(self.tokenizer, settings)
        drawn = draw(self.network, prompt, settings, generator.random, tables)
        known = self.tokenizer.scaled(series.ids, series.values)[-max(1, self.scale.lag) :]
        history = [np.full(count, value) for value in known]
        for step in islice(drawn, horizon):
            check_finite(bool(np.isfinite(step.top).all()))
            bins = step.ids - (MISSING + 1)
            differences = self.bins.spread(bins, generator.random(count))
            history.append(self.scale.expected(history) + differences)
        return self.scale.unscaled(np.array(history[-horizon:]))
