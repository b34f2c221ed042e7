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

from charrnn.text.corpus import Tokens


def fitting(tokens: int, lanes: int, window: int) -> tuple[int, int]:
    """(lanes, window), shrunk where the text is too short: four windows a lane, or one lane."""
    lanes = max(1, min(lanes, tokens // (4 * window + 1)))
    return lanes, min(window, tokens // lanes - 1)


@dataclass
class Lanes:
    """B parallel streams over a text, which know their own position: (epoch, step) says it all."""

    tokens: Tokens
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
        """The next window and the token after it, ids (T + 1, B); and a flag.

        The flag is set where the lanes are newly cut: the state must then start from zero.
        """
        if self.step == self.steps_an_epoch:
            self.epoch, self.step = self.epoch + 1, 0
        size = len(self.tokens)
        cut = int(np.random.default_rng((self.seed, self.epoch)).integers(size))
        starts = cut + self.step * self.window + np.arange(self.lanes) * (size // self.lanes)
        where = (starts + np.arange(self.window + 1)[:, None]) % size
        ids = torch.from_numpy(self.tokens[where].astype(np.int64))
        self.step += 1
        return ids, self.step == 1
