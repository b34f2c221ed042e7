"""How a text is cut for truncated back-propagation through time.

The text is a ring, cut into B sequences of equal length, and each step reads the next T tokens of
every sequence, so the state that sequence b ends a step with is the right one to start the next:

                    step 0     step 1     step 2
    sequence 0     | W e   a r | e   a c c | o u n t ...
    sequence 1     | M E N E N | I U S :   | ...
    sequence 2     | ...

When the sequences are used up an epoch is over. The next epoch cuts the ring at another place, so
no token is always the first of a step, and the state starts from zero.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from charrnn.network.state import State
from charrnn.tasks.base import Batch
from charrnn.text.corpus import Tokens, checked_ids

_COPIED = 1 << 24  # tokens copied to a GPU at once, so that a text larger than memory will do


def fit_batch(tokens: int, batch_size: int, seq_length: int) -> tuple[int, int]:
    """(batch size, sequence length), lowered where the text is too short for them."""
    batch_size = max(1, min(batch_size, tokens // (4 * seq_length + 1)))
    return batch_size, min(seq_length, tokens // batch_size - 1)


def copy_to_gpu(tokens: Tokens, vocabulary_size: int, device: torch.device) -> Tokens | Tensor:
    """The text on the GPU, if there is one with room for it; else as it is, mapped into memory.

    TextError if it is damaged.
    """
    if device.type != "cuda":
        return tokens
    free, _ = torch.cuda.mem_get_info(device)
    kind = np.uint8 if tokens.dtype == np.uint8 else np.int32  # types that a GPU can index with
    copy = torch.empty(0, dtype=torch.uint8 if kind == np.uint8 else torch.int32, device=device)
    if len(tokens) * copy.element_size() > free // 4:
        return tokens
    copy.resize_(len(tokens))
    for first in range(0, len(tokens), _COPIED):
        piece = np.array(checked_ids(tokens[first : first + _COPIED], vocabulary_size), kind)
        copy[first : first + len(piece)] = torch.from_numpy(piece)
    return copy


@dataclass
class TextBatches:
    """Batches over a text (N,). Their position is (epoch, step): it is all that resuming needs.

    A text that lies on a GPU is cut there, so that no step waits for the processor's memory.
    """

    tokens: Tokens | Tensor
    vocabulary_size: int
    batch_size: int
    seq_length: int
    seed: int
    state_reset: float = 0.0
    part: slice = field(default_factory=lambda: slice(None))
    """The sequences that are read here, where several processes share the batch."""
    device: torch.device = torch.device("cpu")  # noqa: RUF009  (immutable)
    epoch: int = 0
    step: int = 0

    @property
    def per_epoch(self) -> int:
        """Batches until every sequence is used up."""
        return (len(self.tokens) // self.batch_size - 1) // self.seq_length

    @property
    def epochs(self) -> float:
        """How often the text has been read."""
        return self.epoch + self.step / self.per_epoch

    def next(self, state: State) -> Batch:
        """The next inputs (T, B), their targets one token ahead (T, B), and the state for them.

        B: the sequences of `part`; all draws are of the whole batch, so that they do not depend on
        how it is shared.

        With probability `state_reset` a sequence's state becomes zero, so that the network also
        learns to begin a text. All states are zero where an epoch begins. TextError if the corpus
        is damaged.
        """
        ids = self._next_ids()
        if self.state_reset:
            keep = torch.rand(self.batch_size, 1, device=self.device) >= self.state_reset
            keep = keep[self.part]
            state = tuple(tuple(array * keep for array in layer) for layer in state)
        if self.step == 1:
            state = tuple(tuple(torch.zeros_like(array) for array in layer) for layer in state)
        return Batch(ids[:-1], ids[1:], state)

    def _next_ids(self) -> Tensor:
        """The next T + 1 tokens of every sequence (T + 1, B), the last of which begin the next."""
        if self.step == self.per_epoch:
            self.epoch, self.step = self.epoch + 1, 0
        size = len(self.tokens)
        offset = int(np.random.default_rng((self.seed, self.epoch)).integers(size))
        begin = offset + self.step * self.seq_length
        distance = size // self.batch_size  # between the beginnings of two sequences
        self.step += 1
        if isinstance(self.tokens, Tensor):
            starts = begin + distance * torch.arange(self.batch_size, device=self.device)[self.part]
            steps = torch.arange(self.seq_length + 1, device=self.device)[:, None]
            return self.tokens[(starts + steps) % size].long()
        places = begin + distance * np.arange(self.batch_size)[self.part]
        places = places + np.arange(self.seq_length + 1)[:, None]
        ids = checked_ids(self.tokens[places % size], self.vocabulary_size)
        batch = torch.from_numpy(ids.astype(np.int64))
        if self.device.type == "cuda":  # copied without waiting for the last step
            return batch.pin_memory().to(self.device, non_blocking=True)
        return batch.to(self.device)
