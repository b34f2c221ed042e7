"""Batches of examples: texts of about the same length, padded to the longest among them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from charrnn.network.state import State
from charrnn.tasks.base import Batch
from charrnn.text.corpus import ExampleCorpus, checked_ids

_SORTED = 64  # batches whose examples are sorted by length together

Numbers = NDArray[np.int64]
Arrays = dict[str, NDArray[Any]]
Collate = Callable[[Numbers], Arrays]
"""Examples (B,) by number -> the fields of a `Batch` but its state."""


@dataclass
class ExampleBatches:
    """Batches over the examples of a training part, each once an epoch, in an order of its own.

    Their position is (epoch, step): it is all that resuming needs. The last examples of an order
    that do not fill a batch are left out; they are others in each epoch.
    """

    examples: range
    lengths: NDArray[np.int64]
    """Of each of these examples, in what takes time."""
    collate: Collate
    batch_size: int
    seed: int
    part: slice = field(default_factory=lambda: slice(None))
    """The sequences that are read here, where several processes share the batch."""
    device: torch.device = torch.device("cpu")  # noqa: RUF009  (immutable)
    epoch: int = 0
    step: int = 0

    def __post_init__(self) -> None:
        self.seq_length = max(1, round(self.lengths.mean()))
        self._order = (-1, np.zeros((0, 0), np.int64))

    @property
    def per_epoch(self) -> int:
        """Batches until every example has been read."""
        return len(self.examples) // self.batch_size

    @property
    def epochs(self) -> float:
        """How often the examples have been read."""
        return self.epoch + self.step / self.per_epoch

    def next(self, state: State) -> Batch:
        """The next batch, of the sequences of `part`, with the same (empty) state.

        TextError if the corpus is damaged.
        """
        if self.step == self.per_epoch:
            self.epoch, self.step = self.epoch + 1, 0
        if self._order[0] != self.epoch:
            self._order = self.epoch, self._shuffled()
        chosen = self._order[1][self.step][self.part] + self.examples.start
        self.step += 1
        return batch_of(self.collate(chosen), self.device, state)

    def _shuffled(self) -> NDArray[np.int64]:
        """The batches (per epoch, B) of an epoch: by chance, but with little padding."""
        generator = np.random.default_rng((self.seed, self.epoch))
        order = generator.permutation(len(self.examples))[: self.per_epoch * self.batch_size]
        for first in range(0, len(order), _SORTED * self.batch_size):
            some = order[first : first + _SORTED * self.batch_size]
            some[:] = some[np.argsort(self.lengths[some], kind="stable")]
        return generator.permutation(order.reshape(-1, self.batch_size))


def batch_of(arrays: Arrays, device: torch.device, state: State = ()) -> Batch:
    """A batch on a device."""
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    if device.type == "cuda":  # copied without waiting for the last step
        tensors = {name: tensor.pin_memory() for name, tensor in tensors.items()}
    there = {name: tensor.to(device, non_blocking=True) for name, tensor in tensors.items()}
    return Batch(state=state, **there)


def padded_texts(corpus: ExampleCorpus, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Examples (B,) by number -> ids (T, B), with zeros behind each; lengths (B,).

    TextError if the corpus is damaged.
    """
    ids, lengths = _padded(corpus.tokens, corpus.starts, numbers)
    return checked_ids(ids, corpus.tokenizer.size).astype(np.int64), lengths


def padded_targets(corpus: ExampleCorpus, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Examples (B,) by number -> targets (U, B), with zeros behind each; how many (B,)."""
    return _padded(corpus.targets, corpus.target_starts, numbers)


def _padded(
    values: NDArray[Any], starts: NDArray[np.int64], numbers: Numbers
) -> tuple[NDArray[Any], Numbers]:
    begins = starts[numbers]
    lengths = starts[numbers + 1] - begins
    places = np.arange(lengths.max())[:, None]
    inside = places < lengths
    found = values[np.where(inside, begins + places, 0)]
    return np.where(inside, found, 0).astype(np.int64), lengths
