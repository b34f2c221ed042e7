"""Shallow fusion: a language model that has its say in the beam of another model.

A text has the sum of both log-probabilities, the language model's times a weight (Gulcehre et al.
2015, https://arxiv.org/abs/1503.03535). To the language model each text is a line or a document.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import log_sum_exp
from charrnn.errors import UsageError
from charrnn.inference.sampling import start_of
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State
from charrnn.text.tokenizers import Tokenizer

Float64 = NDArray[np.float64]
WEIGHT = 0.3
_LISTED = 8  # symbols that a vocabulary lacks


@runtime_checkable
class TextScorer(Protocol):
    """A language model, with the run that trained it."""

    @property
    def run(self) -> str: ...
    @property
    def tokenizer(self) -> Tokenizer: ...
    @property
    def network(self) -> LanguageModel: ...


class Fused(NamedTuple):
    """What N texts have from the language model.

    `logs` (N, K + 1): of each next symbol, and first of their end, times the weight; `scores` (N,):
    their sum so far.
    """

    state: State
    logs: Float64
    scores: Float64

    def taken(self, rows: NDArray[np.int64]) -> "Fused":
        """The texts of these rows."""
        state = tuple(tuple(array[rows] for array in layer) for layer in self.state)
        return Fused(state, self.logs[rows], self.scores[rows])


class Fusion:
    """A language model, and the K symbols, each of which is one of its tokens."""

    def __init__(self, model: TextScorer, weight: float | None, symbols: Sequence[str]) -> None:
        """UsageError for symbols that are not tokens of the language model."""
        self.network, self.weight = model.network, WEIGHT if weight is None else weight
        tokenizer = model.tokenizer
        ids = [[] if tokenizer.unknown(s) else tokenizer.encode(s).tolist() for s in symbols]
        if lacking := [s for s, n in zip(symbols, ids, strict=True) if len(n) != 1]:
            listed = ", ".join(map(repr, lacking[:_LISTED])) + ", ..." * (len(lacking) > _LISTED)
            raise UsageError(
                f"the language model {model.run} has no token for {listed}",
                "Name a run that learned characters from lines of such texts.",
            )
        start = tokenizer.encode(start_of(tokenizer))
        self.tokens = np.concatenate([start, *ids]).astype(np.int64)

    def begin(self, count: int) -> Fused:
        """So many texts without a symbol."""
        return self._read(
            np.zeros(count, np.int64), self.network.zero_state(count), np.zeros(count)
        )

    def advance(self, texts: Fused, symbols: NDArray[np.int64]) -> Fused:
        """The texts with one more symbol (N,); those with 0 stay as they are."""
        longer = np.flatnonzero(symbols)
        before = texts.taken(longer)
        gained = np.take_along_axis(before.logs, symbols[longer, None], 1)[:, 0]
        after = self._read(symbols[longer], before.state, before.scores + gained)
        for old, new in zip(texts.state, after.state, strict=True):
            for array, changed in zip(old, new, strict=True):
                array[longer] = changed
        texts.logs[longer], texts.scores[longer] = after.logs, after.scores
        return texts

    def _read(self, symbols: NDArray[np.int64], state: State, scores: Float64) -> Fused:
        with np.errstate(all="ignore"):
            logits, state = self.network.step(self.tokens[symbols], state)
        logits = logits.astype(np.float64)
        logs = logits[:, self.tokens] - log_sum_exp(logits, -1)[:, None]
        return Fused(state, self.weight * logs, scores)

    def total(self, symbols: Sequence[int]) -> float:
        """The weighted log-probability of a text, with its end."""
        text = self.begin(1)
        for symbol in symbols:
            text = self.advance(text, np.array([symbol]))
        return float(text.scores[0] + text.logs[0, 0])
