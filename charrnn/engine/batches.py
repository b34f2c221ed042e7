"""How a text is cut for truncated back-propagation through time.

The text is a ring, cut into B lanes of equal length, and each step reads the next window of T
tokens from every lane, so the state that lane b ends a window with is the right one to start the
next with:

                  step 0     step 1     step 2
    lane 0     | W e   a r | e   a c c | o u n t ...
    lane 1     | M E N E N | I U S :   | ...
    lane 2     | ...

When the lanes are used up an epoch is over; the next one cuts the ring elsewhere, so lanes and
windows never fall on the same places twice, and the state starts from zero.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from charrnn.text.corpus import Tokens, known

_COPIED = 1 << 24  # tokens at once, so that a text larger than memory will do


def resident(tokens: Tokens, vocabulary: int, device: torch.device) -> Tokens | Tensor:
    """The text on the GPU, if there is one with room for it; else as it is, mapped into memory.

    TextError if it is damaged: see `known`.
    """
    if device.type != "cuda":
        return tokens
    free, _ = torch.cuda.mem_get_info(device)
    kind = np.uint8 if tokens.dtype == np.uint8 else np.int32  # what GPUs know how to index
    there = torch.empty(0, dtype=torch.uint8 if kind == np.uint8 else torch.int32, device=device)
    if len(tokens) * there.element_size() > free // 4:
        return tokens
    there.resize_(len(tokens))
    for first in range(0, len(tokens), _COPIED):
        piece = np.array(known(tokens[first : first + _COPIED], vocabulary), kind)
        there[first : first + len(piece)] = torch.from_numpy(piece)
    return there


def fitting(tokens: int, lanes: int, window: int) -> tuple[int, int]:
    """(lanes, window), shrunk where the text is too short: four windows a lane, or one lane."""
    lanes = max(1, min(lanes, tokens // (4 * window + 1)))
    return lanes, min(window, tokens // lanes - 1)


@dataclass
class Lanes:
    """B parallel streams over a text, which know their own position: (epoch, step) says it all.

    A text that lies on a GPU is cut there, so that no step waits for the processor's memory.
    """

    tokens: Tokens | Tensor
    vocabulary: int
    lanes: int
    window: int
    seed: int
    epoch: int = 0
    step: int = 0

    @property
    def steps_an_epoch(self) -> int:
        """Windows in a lane."""
        return (len(self.tokens) // self.lanes - 1) // self.window

    def take(self) -> tuple[Tensor, bool]:
        """The next window and the token after it, ids (T + 1, B); and a flag. TextError if damaged.

        The flag is set where the lanes are newly cut: the state must then start from zero.
        """
        if self.step == self.steps_an_epoch:
            self.epoch, self.step = self.epoch + 1, 0
        size = len(self.tokens)
        cut = int(np.random.default_rng((self.seed, self.epoch)).integers(size))
        begin, apart = cut + self.step * self.window, size // self.lanes
        if isinstance(self.tokens, Tensor):
            device = self.tokens.device
            starts = begin + apart * torch.arange(self.lanes, device=device)
            where = starts + torch.arange(self.window + 1, device=device)[:, None]
            ids = self.tokens[where % size].long()
        else:
            places = begin + apart * np.arange(self.lanes) + np.arange(self.window + 1)[:, None]
            read = known(self.tokens[places % size], self.vocabulary)
            ids = torch.from_numpy(read.astype(np.int64))
        self.step += 1
        return ids, self.step == 1
