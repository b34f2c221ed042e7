"""How good a model is: the mean loss over a text, and what it means per character and per byte.

*stream* carries the state through the whole text, as a reader would. To use the machine well the
text is cut into lanes that are scored side by side, and each lane first reads, unscored, the tokens
before its own, so that its state is what the stream's would be.

*windows N* cuts the text into windows of N tokens, each read from a cold start, as nanoGPT does.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from charrnn.cells.clockwork import Clockwork
from charrnn.engine.crew import Crew
from charrnn.engine.device import autocast
from charrnn.engine.model import CharRNN
from charrnn.events import Emit, Progress
from charrnn.text.corpus import Tokens, known
from charrnn.text.tokenizers import Tokenizer

WARM = 256  # tokens read before a lane's own: on a trained LSTM 2x256 the loss moved by 2e-9
LANES = 64
_CLOCK = 2 ** (Clockwork.modules - 1)  # lanes begin where a clockwork network's time is 0
_CHUNK = 256  # steps computed at once: bounds the memory
_COUNTED = 1 << 20  # tokens counted at once, likewise


@dataclass(frozen=True)
class Score:
    """The tokens predicted, the text they stand for, and their mean loss in nats per token."""

    tokens: int
    characters: int
    bytes: int
    loss: float

    @property
    def bits_per_character(self) -> float:
        """What a person is shown: comparable across cells and sizes."""
        return self.loss / math.log(2) * self.tokens / self.characters

    @property
    def bits_per_byte(self) -> float:
        """Comparable across tokenizers, and with compressors."""
        return self.loss / math.log(2) * self.tokens / self.bytes

    @property
    def perplexity(self) -> float:
        """exp(loss): how many tokens the model hesitates between."""
        return math.exp(min(self.loss, 700.0))

    def record(self) -> dict[str, float]:
        """All of it, as JSON has it."""
        derived = ("bits_per_character", "bits_per_byte", "perplexity")
        return asdict(self) | {name: getattr(self, name) for name in derived}


def evaluate(
    model: CharRNN,
    tokens: Tokens,
    tokenizer: Tokenizer,
    windows: int | None = None,
    emit: Emit | None = None,
    *,
    bf16: bool = False,
) -> Score:
    """Score every token (N,) but the first, which nothing predicts. Leaves the mode of the model.

    `bf16`: products in bfloat16, for a look in passing. ValueError for fewer than two tokens.
    """
    count = len(tokens) - 1
    if count < 1:
        raise ValueError("there is nothing to predict in fewer than two tokens")
    mode = model.training
    model.eval()
    total, done = 0.0, 0
    try:
        for starts, size, warm in _plan(count, min(windows, count) if windows else None):
            for part in _losses(model, tokens, starts, size, warm, bf16):
                total, done = total + float(part.sum(dtype=np.float64)), done + part.size
                if emit:
                    emit(Progress("scoring", done, count))
    finally:
        model.train(mode)
    return scored(total, tokens, tokenizer)


def scored(total: float, tokens: Tokens, tokenizer: Tokenizer) -> Score:
    """A score from the summed losses, in nats, of all tokens (N,) but the first."""
    found = np.zeros(tokenizer.size, np.int64)
    for first in range(1, len(tokens), _COUNTED):
        found += np.bincount(tokens[first : first + _COUNTED], minlength=tokenizer.size)
    characters, lengths = tokenizer.lengths
    count = len(tokens) - 1
    return Score(count, max(1, int(found @ characters)), int(found @ lengths), total / count)


def _plan(count: int, windows: int | None) -> Iterator[tuple[NDArray[np.int64], int, int]]:
    """(where each lane starts, tokens a lane, tokens to read before them), a group at a time."""
    if windows is None:
        lanes = max(1, min(LANES, count // (4 * WARM)))
        size = -(-count // (lanes * _CLOCK)) * _CLOCK if lanes > 1 else count
        yield np.arange(lanes) * size, size, WARM if lanes > 1 else 0
        return
    starts = np.arange(0, count, windows)
    together = max(1, LANES * _CHUNK // windows)
    for first in range(0, len(starts), together):
        yield starts[first : first + together], windows, 0


def _losses(
    model: CharRNN, tokens: Tokens, starts: NDArray[np.int64], size: int, warm: int, bf16: bool
) -> Iterator[NDArray[np.float32]]:
    """The losses of `size` tokens from each start (those that exist), in nats, chunk by chunk."""
    device = model.head_bias.device
    last = len(tokens) - 1
    crew = Crew(device, len(starts), model.settings.width)
    states = {share.start: model.zero_state(share.stop - share.start) for share in crew.shares}

    def here(where: NDArray[np.int64]) -> Tensor:
        read = known(tokens[where.clip(0, last)], len(model.head_bias))
        return torch.from_numpy(read.astype(np.int64)).to(device)

    def chunk(begin: int, where: NDArray[np.int64], share: slice) -> NDArray[np.float32]:
        where, state = where[:, share], states[share.start]
        if begin == 0 and warm:  # the very first lane has nothing before it
            old = torch.arange(share.start, share.stop, device=device)[:, None] > 0
            state = tuple(tuple(part * old for part in layer) for layer in state)
        with torch.no_grad(), autocast(device, bf16):
            logits, states[share.start] = model(here(where), state)
            targets = here(where + 1)
            losses = F.cross_entropy(
                logits.float().flatten(0, 1), targets.flatten(), reduction="none"
            )
        found: NDArray[np.float32] = losses.view(targets.shape).cpu().numpy()
        return found

    for begin in (*range(-warm, 0, _CHUNK), *range(0, size, _CHUNK)):
        steps = np.arange(begin, min(begin + _CHUNK, size if begin >= 0 else 0))[:, None]
        where = starts + steps
        parts = crew.map(partial(chunk, begin, where))
        if begin >= 0:
            yield np.concatenate(parts, axis=1)[where < last]


def bits(loss: float, characters_per_token: float) -> float:
    """Nats per token -> bits per character."""
    return loss / math.log(2) / characters_per_token


def characters_per_token(tokens: Tokens, tokenizer: Tokenizer) -> float:
    """Measured on the beginning of a text (N,)."""
    characters, _ = tokenizer.lengths
    return max(float(characters[known(tokens[: 1 << 20], tokenizer.size)].mean()), 1e-9)
