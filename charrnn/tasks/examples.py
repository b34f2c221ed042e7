"""Examples of several lengths, and batches of them, padded to the longest among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array
from charrnn.tasks.base import Batch, Batches, Piece

_SORTED = 64  # batches whose examples are sorted by length together
_PADDED = 1 << 17  # tokens of texts that are computed together, with their padding

Indices = NDArray[np.int64]
Ids = NDArray[np.integer[Any]]


class Ragged(NamedTuple):
    """N arrays of several lengths, one after the other: `values` (M,), and `starts` (N + 1,)."""

    values: NDArray[Any]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, arrays: Sequence[Ids]) -> "Ragged":
        """Of a list of arrays (T,)."""
        lengths = np.array([0, *map(len, arrays)], np.int64)
        values = np.concatenate(arrays) if arrays else np.zeros(0, np.int64)
        return cls(values, lengths.cumsum())

    def __getitem__(self, index: int) -> NDArray[Any]:  # type: ignore[override]  # of the arrays, not of the two fields
        """One of the arrays (T,)."""
        return self.values[self.starts[index] : self.starts[index + 1]]

    def lengths(self, indices: Indices | range) -> Indices:
        """The lengths of some of the arrays."""
        if isinstance(indices, range):  # without gaps: a part, which each step of training asks for
            return np.asarray(np.diff(self.starts[indices.start : indices.stop + 1]), np.int64)
        chosen = np.asarray(indices, np.int64)
        return np.asarray(self.starts[chosen + 1] - self.starts[chosen], np.int64)

    def padded(self, indices: Indices) -> tuple[Indices, Indices]:
        """Some of the arrays side by side (L, B), with zeros behind each; their lengths (B,)."""
        begins, lengths = self.starts[indices], self.lengths(indices)
        steps = np.arange(lengths.max())[:, None]
        mask = steps < lengths
        values = self.values[np.where(mask, begins + steps, 0)]
        return np.where(mask, values, 0).astype(np.int64), lengths


def by_length(lengths: Indices, most: int) -> list[Indices]:
    """The indices of arrays of these lengths (N,), those of about one length together.

    At most `most` in each batch, and fewer where they are long.
    """
    order, batches = np.argsort(lengths, kind="stable"), []
    while len(order):
        size = min(most, len(order))
        while size > 1 and size * lengths[order[size - 1]] > _PADDED:
            size //= 2
        batches.append(order[:size])
        order = order[size:]
    return batches


@dataclass
class ExampleBatches(Batches):
    """Batches over the examples of a training part, each once an epoch, in a random order.

    Their position is (epoch, step): it is all that resuming needs. The last examples of an order
    that do not fill a batch are left out; they are others in each epoch.
    """

    examples: range
    lengths: Indices
    """Of each of these examples, in tokens that are read and written."""
    collate: Callable[[Indices], Batch]
    batch_size: int
    seed: int
    part: slice = field(default_factory=lambda: slice(None))
    """The sequences that are read here, where several processes share the batch."""
    augmented: Callable[[Array, Array, Sequence[np.random.Generator]], Array] | None = None
    """The inputs of a batch of such lengths, changed by random numbers for each."""
    epoch: int = 0
    step: int = 0

    def __post_init__(self) -> None:
        self.seq_length = max(1, round(self.lengths.mean()))
        self._order = (-1, np.zeros((0, 0), np.int64))

    @property
    def per_epoch(self) -> int:
        """Batches until every example has been read."""
        return len(self.examples) // self.batch_size

    def next(self) -> Batch:
        """The next batch, of the sequences of `part`. TextError if the corpus is damaged."""
        return self._collated(self._next_indices())

    def next_pieces(self) -> list[Piece]:
        """Few examples are padded to a very long one: memory grows with both."""
        chosen = self._next_indices()
        groups = by_length(self.lengths[chosen - self.examples.start], len(chosen))
        ends = np.cumsum([len(group) for group in groups]).tolist()
        parts = [slice(end - len(group), end) for end, group in zip(ends, groups, strict=True)]
        return [(part, self._collated(chosen[part])) for part in parts]

    def _collated(self, indices: Indices) -> Batch:
        """Examples as a batch of this epoch: each changes alike whatever batch it is in."""
        batch = self.collate(indices)
        if self.augmented is None:
            return batch
        draw = [np.random.default_rng((self.seed, self.epoch, n)) for n in indices.tolist()]
        return batch._replace(inputs=self.augmented(batch.inputs, batch.lengths, draw))

    def _next_indices(self) -> Indices:
        """The examples (B,) of the next batch, by length."""
        if self.step == self.per_epoch:
            self.epoch, self.step = self.epoch + 1, 0
        if self._order[0] != self.epoch:
            self._order = self.epoch, self._shuffled()
        chosen: Indices = self._order[1][self.step][self.part] + self.examples.start
        self.step += 1
        return chosen

    def _shuffled(self) -> Indices:
        """The batches (per epoch, B) of an epoch: random, but with little padding."""
        generator = np.random.default_rng((self.seed, self.epoch))
        order = generator.permutation(len(self.examples))[: self.per_epoch * self.batch_size]
        for first in range(0, len(order), _SORTED * self.batch_size):
            group = order[first : first + _SORTED * self.batch_size]
            group[:] = group[np.argsort(self.lengths[group], kind="stable")]
        return generator.permutation(order.reshape(-1, self.batch_size))
