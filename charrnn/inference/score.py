"""The mean loss of a network over a text, and what it means: bits per character and per byte.

The text is read as one *stream*: the state is carried through all of it. To compute many steps at
once, the text is cut into sequences that are read side by side. Each first reads some tokens before
its own, which are not scored, so that its state is what the stream's would be.
"""

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import cross_entropy
from charrnn.cells.base import Cell
from charrnn.errors import DivergedError, TextError
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State, masked_state
from charrnn.text.corpus import Tokens
from charrnn.text.tokenizers import Ids, Tokenizer

SEQUENCES = 64  # at most: a short text has fewer
_CHUNK = 64  # steps computed at once, which bounds the memory
_LARGEST_LOG = math.log(sys.float_info.max)
_COUNTED = 1 << 20  # tokens counted at once, which bounds the memory

Losses = NDArray[np.float32]
Read = Callable[[Ids, Ids, State], tuple[Losses, State]]
"""Ids (T, B), the targets that follow them, the state -> losses (T, B) in nats, the state."""


@dataclass(frozen=True)
class Score:
    """The tokens predicted, the text they stand for, and their mean loss in nats per token."""

    tokens: int
    characters: int
    bytes: int
    loss: float
    numbers: int = 0
    """1 where tokens are numbers of a series, else 0."""

    @property
    def bits_per_character(self) -> float:
        """Compares cells and sizes on one text."""
        return self.loss / math.log(2) * self.tokens / self.characters

    @property
    def bits_per_byte(self) -> float:
        """Compares across tokenizers, and with compressors."""
        return self.loss / math.log(2) * self.tokens / self.bytes

    @property
    def perplexity(self) -> float:
        """exp(loss): among how many equally likely tokens the model hesitates."""
        return math.exp(self.loss) if self.loss < _LARGEST_LOG else math.inf

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        if self.numbers:
            return {"bits_per_number": self.bits_per_character}
        return {
            "bits_per_character": self.bits_per_character,
            "bits_per_byte": self.bits_per_byte,
        }

    def record(self) -> dict[str, float]:
        """Everything, by name."""
        counts = ("tokens",) if self.numbers else ("tokens", "characters", "bytes")
        counted = {name: getattr(self, name) for name in (*counts, "loss")}
        return counted | self.scores | {"perplexity": self.perplexity}


class Sequences(NamedTuple):
    """B sequences of a text, which are read side by side.

    `starts` (B,): the position of the first token of each; `size`: how many tokens are predicted
    in each; `warm_up`: how many before its own it reads first, unscored.
    """

    starts: NDArray[np.int64]
    size: int
    warm_up: int


def cut_stream(count: int, cell: type[Cell]) -> Sequences:
    """A stream of `count` predictions as sequences, which start where the cell's clock does."""
    sequences, alignment = max(1, min(SEQUENCES, count // (4 * cell.warm_up))), cell.alignment
    if sequences == 1:
        return Sequences(np.zeros(1, np.int64), count, 0)
    size = -(-count // (sequences * alignment)) * alignment
    return Sequences(np.arange(sequences) * size, size, cell.warm_up)


def read_sequences(
    read: Read, state: State, tokens: Tokens, sequences: Sequences, steps: int
) -> Iterator[tuple[NDArray[np.int64], Losses]]:
    """The positions (K,) from which tokens (N,) are predicted, each once, and the losses (K,).

    `steps`: how many are read at once.
    """
    starts, size, warm_up = sequences
    last = len(tokens) - 1
    for begin in (*range(-warm_up, 0, steps), *range(0, size, steps)):
        if begin == 0 and warm_up:  # the very first sequence has nothing before it
            state = masked_state(state, starts > 0)
        end = min(begin + steps, size if begin >= 0 else 0)
        positions = starts + np.arange(begin, end)[:, None]
        ids, targets = (tokens[(positions + ahead).clip(0, last)] for ahead in (0, 1))
        losses, state = read(ids, targets, state)
        if begin >= 0:
            mask = positions < last
            yield positions[mask], losses[mask]


def check_scorable(tokens: Tokens) -> None:
    """TextError for fewer than two tokens: nothing predicts the first."""
    if len(tokens) < 2:
        raise TextError("the text has fewer than two tokens", "Score a longer text.")


def reader_of(network: LanguageModel) -> Read:
    """What reads sequences with NumPy."""

    def read(ids: Ids, targets: Ids, state: State) -> tuple[Losses, State]:
        with np.errstate(all="ignore"):
            trace = network.trace(ids, state)
            return cross_entropy(trace.logits, targets), trace.last_state

    return read


def score(network: LanguageModel, tokens: Tokens, tokenizer: Tokenizer) -> Score:
    """Score every token (N,) but the first, which nothing predicts.

    Equal to `evaluation.loss.evaluate` but for rounding. TextError for fewer than two tokens,
    DivergedError if the loss is not finite.
    """
    check_scorable(tokens)
    sequences, total = cut_stream(len(tokens) - 1, network.cell), 0.0
    state = network.zero_state(len(sequences.starts))
    for _, losses in read_sequences(reader_of(network), state, tokens, sequences, _CHUNK):
        total += float(losses.sum(dtype=np.float64))
    return score_of(total, tokens, tokenizer)


def score_of(total_loss: float, tokens: Tokens, tokenizer: Tokenizer) -> Score:
    """The score of a text (N,) from the summed loss, in nats, of all its tokens but the first.

    DivergedError if that is not finite.
    """
    if not math.isfinite(total_loss):
        raise DivergedError("the model has diverged: its loss is not finite", "Train another one.")
    counts: NDArray[np.int64] = np.zeros(tokenizer.size, np.int64)
    for first in range(1, len(tokens), _COUNTED):
        piece = tokens[first : first + _COUNTED]
        counts += np.bincount(piece, minlength=tokenizer.size)
    characters, byte_counts = tokenizer.lengths
    count = len(tokens) - 1
    return Score(
        count, max(1, int(counts @ characters)), int(counts @ byte_counts), total_loss / count,
        int(tokenizer.whole),
    )  # fmt: skip
