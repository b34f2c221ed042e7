"""The mean loss of a network over a text, and what it means: bits per character and per byte.

The text is read as one *stream*: the state is carried through all of it. To compute many steps at
once it is cut into sequences that are read side by side, each after some tokens before its own that
are not scored, so that its state is what the stream's would be.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import DivergedError, TextError
from charrnn.network.language_model import LanguageModel
from charrnn.text.corpus import Tokens
from charrnn.text.tokenizers import Ids, Tokenizer

WARM_UP = 256  # tokens read before a sequence's own: on a trained LSTM 2x256 the loss moved by 2e-9
SEQUENCES = 64
_CHUNK = 64  # steps computed at once, which bounds the memory
_COUNTED = 1 << 20  # tokens counted at once, which bounds the memory


@dataclass(frozen=True)
class Score:
    """The tokens predicted, the text they stand for, and their mean loss in nats per token."""

    tokens: int
    characters: int
    bytes: int
    loss: float

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
        return math.exp(min(self.loss, 700.0))

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        return {
            "bits_per_character": self.bits_per_character,
            "bits_per_byte": self.bits_per_byte,
        }

    def record(self) -> dict[str, float]:
        """Everything, as JSON has it."""
        derived = ("bits_per_character", "bits_per_byte", "perplexity")
        return asdict(self) | {name: getattr(self, name) for name in derived}


def score(network: LanguageModel, tokens: Tokens, tokenizer: Tokenizer) -> Score:
    """Score every token (N,) but the first, which nothing predicts.

    Equal to `evaluation.loss.evaluate` but for rounding. TextError for fewer than two tokens,
    DivergedError if the loss is not finite.
    """
    if len(tokens) < 2:
        raise TextError("the text has fewer than two tokens", "Score a longer text.")
    count, last = len(tokens) - 1, len(tokens) - 1
    starts, size, warm_up = cut_stream(count, network.cell.alignment)
    state, total = network.zero_state(len(starts)), 0.0
    for begin in (*range(-warm_up, 0, _CHUNK), *range(0, size, _CHUNK)):
        steps = np.arange(begin, min(begin + _CHUNK, size if begin >= 0 else 0))[:, None]
        places = starts + steps
        if begin == 0:  # the very first sequence has nothing before it
            warm = (np.arange(len(starts)) > 0)[:, None]
            state = tuple(tuple(array * warm for array in layer) for layer in state)
        with np.errstate(all="ignore"):
            run = network.trace(tokens[places.clip(0, last)], state)
            found = losses(run.logits, tokens[(places + 1).clip(0, last)])
        state = run.last_state
        if begin >= 0:
            total += float(found[places < last].sum(dtype=np.float64))
    if not math.isfinite(total):
        raise DivergedError("the model has diverged: its loss is not finite", "Train another one.")
    return score_of(total, tokens, tokenizer)


def cut_stream(count: int, alignment: int) -> tuple[NDArray[np.int64], int, int]:
    """A stream of `count` predictions -> (start of each sequence, their size, their warm-up).

    Sequences start at multiples of the cell's `alignment`.
    """
    sequences = max(1, min(SEQUENCES, count // (4 * WARM_UP)))
    if sequences == 1:
        return np.zeros(1, np.int64), count, 0
    size = -(-count // (sequences * alignment)) * alignment
    return np.arange(sequences) * size, size, WARM_UP


def losses(logits: NDArray[np.float32], ids: Ids) -> NDArray[np.float32]:
    """Logits (..., V) and the tokens that came (...) -> nats (...)."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(logits, ids[..., None].astype(np.int64), axis=-1)[..., 0]
    nats: NDArray[np.float32] = np.log(np.exp(logits).sum(axis=-1)) - chosen
    return nats


def score_of(total_loss: float, tokens: Tokens, tokenizer: Tokenizer) -> Score:
    """The score of a text (N,) from the summed loss, in nats, of all its tokens but the first."""
    counts: NDArray[np.int64] = np.zeros(tokenizer.size, np.int64)
    for first in range(1, len(tokens), _COUNTED):
        piece = tokens[first : first + _COUNTED]
        counts += np.bincount(piece, minlength=tokenizer.size)
    characters, sizes = tokenizer.lengths
    count = len(tokens) - 1
    return Score(count, max(1, int(counts @ characters)), int(counts @ sizes), total_loss / count)
