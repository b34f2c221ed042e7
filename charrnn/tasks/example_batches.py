"""Batches of examples: texts of about the same length, padded to the longest among them."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from charrnn.network.state import State
from charrnn.tasks.base import Batch
from charrnn.text.corpus import checked_ids
from charrnn.text.labelled import LabelledCorpus

_SORTED = 64  # batches whose examples are sorted by length together


@dataclass
class ExampleBatches:
    """Batches over the examples of a training part, each once an epoch, in an order of its own.

    Their position is (epoch, step): it is all that resuming needs. The last few examples of an
    order that do not fill a batch are left out of that epoch.
    """

    corpus: LabelledCorpus
    batch_size: int
    seq_length: int
    """The mean length of a text, in tokens."""
    seed: int
    part: slice = field(default_factory=lambda: slice(None))
    """The sequences that are read here, where several processes share the batch."""
    device: torch.device = torch.device("cpu")  # noqa: RUF009  (immutable)
    epoch: int = 0
    step: int = 0

    def __post_init__(self) -> None:
        self._examples = self.corpus.examples("train")
        starts = self.corpus.starts[self._examples.start : self._examples.stop + 1]
        self._lengths = np.diff(starts)
        self._order = (-1, np.zeros((0, 0), np.int64))

    @property
    def per_epoch(self) -> int:
        """Batches until every example has been read."""
        return len(self._examples) // self.batch_size

    @property
    def epochs(self) -> float:
        """How often the examples have been read."""
        return self.epoch + self.step / self.per_epoch

    def next(self, state: State) -> Batch:
        """The next texts (T, B), the numbers of their labels (B,), the same (empty) state.

        B: the sequences of `part`. TextError if the corpus is damaged.
        """
        if self.step == self.per_epoch:
            self.epoch, self.step = self.epoch + 1, 0
        if self._order[0] != self.epoch:
            self._order = self.epoch, self._shuffled()
        chosen = self._order[1][self.step][self.part] + self._examples.start
        self.step += 1
        ids, lengths, targets = padded(self.corpus, chosen)
        inputs, sizes, expected = (
            torch.from_numpy(array).to(self.device) for array in (ids, lengths, targets)
        )
        return Batch(inputs, expected, state, sizes)

    def _shuffled(self) -> NDArray[np.int64]:
        """The batches (per epoch, B) of an epoch: by chance, but with little padding."""
        generator = np.random.default_rng((self.seed, self.epoch))
        order = generator.permutation(len(self._examples))
        for first in range(0, len(order), _SORTED * self.batch_size):
            some = order[first : first + _SORTED * self.batch_size]
            some[:] = some[np.argsort(self._lengths[some], kind="stable")]
        batches = order[: self.per_epoch * self.batch_size].reshape(-1, self.batch_size)
        return generator.permutation(batches)


def padded(
    corpus: LabelledCorpus, examples: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Examples (B,) by number -> ids (T, B), with zeros behind each; lengths (B,); targets (B,).

    TextError if the corpus is damaged.
    """
    starts = corpus.starts[examples]
    lengths = corpus.starts[examples + 1] - starts
    places = np.arange(lengths.max())[:, None]
    inside = places < lengths
    ids = corpus.tokens[np.where(inside, starts + places, 0)]
    ids = np.where(inside, checked_ids(ids, corpus.tokenizer.size), 0)
    return ids.astype(np.int64), lengths, corpus.targets[examples].astype(np.int64)
