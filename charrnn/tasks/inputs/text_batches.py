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
from numpy.typing import NDArray

from charrnn.tasks.base import Batch, Batches
from charrnn.text.corpus import Tokens, checked_ids


def resolve_batch(tokens: int, batch_size: int, seq_length: int) -> tuple[int, int]:
    """(Batch size, sequence length), lowered where the text is too short for them."""
    # at least four steps in each sequence, so that a state is carried
    batch_size = max(1, min(batch_size, tokens // (4 * seq_length + 1)))
    return batch_size, min(seq_length, tokens // batch_size - 1)


@dataclass
class TextBatches(Batches):
    """Batches over a text (N,). Their position (epoch, step) is all that resuming needs."""

    tokens: Tokens
    vocabulary_size: int
    batch_size: int
    seq_length: int
    seed: int
    part: slice = field(default_factory=lambda: slice(None))
    """The sequences that are read here, where several processes share the batch."""
    epoch: int = 0
    step: int = 0

    @property
    def per_epoch(self) -> int:
        """Batches until every sequence is used up."""
        return (len(self.tokens) // self.batch_size - 1) // self.seq_length

    def next(self) -> Batch:
        """The next inputs (T, B), and their targets, one token ahead (T, B).

        B counts the sequences of `part`. TextError if the corpus is damaged.
        """
        ids = checked_ids(self.tokens[self._indices()], self.vocabulary_size).astype(np.int64)
        return Batch(ids[:-1], ids[1:])

    def _indices(self) -> NDArray[np.int64]:
        """The next positions (T + 1, B) of every sequence. The last row begins the next batch."""
        if self.step == self.per_epoch:
            self.epoch, self.step = self.epoch + 1, 0
        size = len(self.tokens)
        offset = int(np.random.default_rng((self.seed, self.epoch)).integers(size))
        begin = offset + self.step * self.seq_length
        distance = size // self.batch_size  # between the beginnings of two sequences
        self.step += 1
        starts = begin + distance * np.arange(self.batch_size)[self.part]
        return (starts + np.arange(self.seq_length + 1)[:, None]) % size
