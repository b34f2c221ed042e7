"""What a model expects of the next numbers of a series: draws from its distributions.

A distribution has the probabilities of the bins, and is even within each. Tokens that are no
numbers are left out: the missing one, and the end of a series.

A network that has learned little is too sure of itself. So where it learned with dropout, several
networks forecast, each without other units: the spread of what they say is what the data left open.
Gal and Ghahramani 2016, https://arxiv.org/abs/1506.02142.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from charrnn.cells.arrays import Array
from charrnn.errors import TextError
from charrnn.inference.drawing import RECENT, Prompt, draw
from charrnn.inference.sampling import check_finite, generator_of, token_tables
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Ids
from charrnn.text.tokenizers.number import Numbers
from charrnn.text.tokenizers.number_scale import Values

_CHUNK = 64  # numbers read at once, which bounds the memory
_READ = 1024  # numbers read before a forecast, at most
_NETWORKS = 20  # with other units dropped
_NEVER = -1e9  # a logit


@dataclass(frozen=True)
class Series:
    """The numbers (N,) of a series, NaN where one is missing, and their tokens (N,).

    `first`: the index of the first one that counts in a score.
    """

    values: Values
    ids: Ids
    first: int = 0


class _Thinned(LanguageModel):
    """A network without some of its units, the same at all steps."""

    def __init__(self, network: LanguageModel, masks: Sequence[Array]) -> None:
        """`masks` (1, B, H) of each layer's outputs."""
        super().__init__(network.settings, network.weights)
        self.masks = masks

    def step(self, ids: Any, state: State) -> tuple[Array, State]:
        logits, state = self.forward(ids[None], state, self.masks)
        return logits[0], state


class Forecaster:
    """A language model of numbers."""

    def __init__(self, network: LanguageModel, tokenizer: Numbers) -> None:
        bias = np.full_like(network.weights["head.bias"], _NEVER)
        bias[tokenizer.ordered] = network.weights["head.bias"][tokenizer.ordered]
        self.network = LanguageModel(network.settings, {**network.weights, "head.bias": bias})
        rate, generator = network.settings.dropout, np.random.default_rng(0)
        self.networks = _NETWORKS if rate else 1
        self.masks = [
            ((generator.random((1, self.networks, size)) >= rate) / (1 - rate)).astype(bias.dtype)
            for size in network.dropout_sizes
        ]
        self.tokenizer, self.scale, self.bins = tokenizer, tokenizer.scale, tokenizer.bins

    def next_numbers(self, series: Series, first: int, count: int) -> Values:
        """`count` quantiles (N - first, count) of each number from `first` on, one step ahead."""
        history = self.tokenizer.scaled(series.ids, series.values)
        levels, rows = (np.arange(count) + 0.5) / count, []
        step = max(1, first - _READ)
        for logits, _ in self._read(series.ids[step - 1 : -1]):
            for below in self._cumulative(logits):
                if step >= first:
                    differences = np.interp(levels, below, self.bins.edges)
                    rows.append(self.scale.expected(history[:step]) + differences)
                step += 1
        return self.scale.unscaled(np.array(rows))

    def _cumulative(self, logits: Array) -> Values:
        """Logits (T, M, V) of the networks -> the probability (T, B + 1) below each edge."""
        check_finite(bool(np.isfinite(logits).all()))
        logits = logits[..., self.tokenizer.ordered].astype(np.float64)
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        means = (weights / weights.sum(axis=-1, keepdims=True)).mean(axis=1)
        return np.pad(means.cumsum(axis=-1), ((0, 0), (1, 0)))

    def _read(self, ids: Ids) -> Iterator[tuple[Array, State]]:
        """The logits (T, M, V) and the states (M, ...) of the networks, for each chunk of ids."""
        state = self.network.zero_state(self.networks)
        for begin in range(0, len(ids), _CHUNK):
            chunk = np.repeat(ids[begin : begin + _CHUNK, None], self.networks, axis=1)
            with np.errstate(all="ignore"):
                logits, state = self.network.forward(chunk, state, self.masks)
            yield logits, state

    def paths(self, series: Series, horizon: int, count: int, seed: int | None) -> Values:
        """How a series may go on: `count` continuations (horizon, count).

        TextError for a series that is too short to compare the next number with.
        """
        if len(series.ids) < self.scale.lag:
            raise TextError(
                f"a forecast needs {self.scale.lag} numbers before it, and there are "
                f"{len(series.ids)}",
                "Continue a longer series.",
            )
        ((logits, state),) = deque(self._read(series.ids[-_READ:]), maxlen=1)
        of_network = np.arange(count) % self.networks
        state = tuple(tuple(array[of_network] for array in layer) for layer in state)
        prompt = Prompt(logits[-1, of_network], state, np.zeros((count, RECENT)))
        network = _Thinned(self.network, [mask[:, of_network] for mask in self.masks])
        generator, settings = generator_of(seed, 0), SampleSettings()
        tables = token_tables(self.tokenizer, settings)
        drawn = draw(network, prompt, settings, generator.random, tables)
        known = self.tokenizer.scaled(series.ids, series.values)[-max(1, self.scale.lag) :]
        history = [np.full(count, value) for value in known]
        for step in islice(drawn, horizon):
            check_finite(bool(np.isfinite(step.top).all()))
            bins = step.ids - self.tokenizer.ordered.start
            low, high = self.bins.edges[bins], self.bins.edges[bins + 1]
            differences = low + generator.random(count) * (high - low)
            history.append(self.scale.expected(history) + differences)
        return self.scale.unscaled(np.array(history[-horizon:]))
