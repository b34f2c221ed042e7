"""What tasks have in common that learn from examples, each of which is read whole."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from charrnn.network.device import autocast
from charrnn.network.ranks import Ranks
from charrnn.network.recurrent import RecurrentNetwork
from charrnn.settings import PartName, TrainSettings
from charrnn.tasks.base import Batch, Score, Task
from charrnn.tasks.example_batches import Arrays, ExampleBatches, Numbers, batch_of
from charrnn.text.corpus import Corpus, ExampleCorpus

N = TypeVar("N", bound=RecurrentNetwork)
R = TypeVar("R")
_EVALUATED = 256  # examples at once


class ExampleTask(Task[N]):
    """A task on a corpus of examples."""

    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus)
        assert isinstance(corpus, ExampleCorpus)
        self.examples = corpus

    @property
    def labels(self) -> tuple[str, ...]:
        return self.examples.target_vocabulary

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.examples.input_shape

    @property
    def training_tokens(self) -> int:
        return int(self.lengths("train").sum())

    def fit(self, settings: TrainSettings) -> tuple[int, int]:
        lengths = self.lengths("train")
        return min(settings.batch_size, len(lengths)), max(1, round(lengths.mean()))

    def batches(
        self, settings: TrainSettings, ranks: Ranks, device: torch.device
    ) -> ExampleBatches:
        batch_size, _ = self.fit(settings)
        return ExampleBatches(
            self.examples.examples("train"), self.lengths("train"), self.collate, batch_size,
            settings.seed, ranks.part(batch_size), device,
        )  # fmt: skip

    def validation_tokens(self, most: int) -> int:
        return min(most, int(self.lengths("valid").sum()))

    def evaluate(self, model: N, most_tokens: int, *, bf16: bool, ranks: Ranks) -> Score | None:
        numbers = self._first("valid", most_tokens)
        return self.score(model, numbers, bf16=bf16, ranks=ranks) if len(numbers) else None

    def lengths(self, part: PartName) -> NDArray[np.int64]:
        """Of each example of a part (N,): the tokens that are read and written."""
        found = self.examples.examples(part)
        return np.diff(self.examples.starts[found.start : found.stop + 1])

    @abstractmethod
    def collate(self, numbers: Numbers) -> Arrays:
        """Examples (B,) by number as arrays, padded: the fields of a `Batch`."""

    @abstractmethod
    def score(self, model: N, numbers: Numbers, *, bf16: bool, ranks: Ranks) -> Score:
        """How well examples (N,), by number, are predicted: the same on all ranks."""

    def _first(self, part: PartName, most_tokens: int) -> Numbers:
        """The first examples of a part, by number, until they have so many tokens."""
        found, lengths = self.examples.examples(part), self.lengths(part)
        fits = int((lengths.cumsum() - lengths < most_tokens).sum())
        return np.arange(found.start, found.start + fits)

    def shown(self, most: int) -> Numbers:
        """The first examples of the validation part, else of training, by number."""
        found = self.examples.examples("valid") or self.examples.examples("train")
        return np.arange(found.start, min(found.stop, found.start + most))

    def text_of(self, ids: NDArray[np.integer]) -> str:
        """The text of ids (T,)."""
        return "".join(map(self.corpus.tokenizer.decoder(), ids.tolist()))

    def _computed(
        self, model: N, numbers: Numbers, bf16: bool, compute: Callable[[Batch], R]
    ) -> Iterator[tuple[Numbers, Batch, R]]:
        """What the model, in evaluation, makes of examples, those of about one length together."""
        lengths = self.examples.starts[numbers + 1] - self.examples.starts[numbers]
        numbers = numbers[np.argsort(lengths, kind="stable")]
        mode = model.training
        model.eval()
        try:
            for first in range(0, len(numbers), _EVALUATED):
                some = numbers[first : first + _EVALUATED]
                batch = batch_of(self.collate(some), model.device)
                with torch.no_grad(), autocast(model.device, bf16):
                    result = compute(batch)
                yield some, batch, result
        finally:
            model.train(mode)
