"""The label of a text: many characters in, one of K labels out."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from charrnn.events import Scores
from charrnn.inference.label_scores import LabelScore, confusion_of
from charrnn.network.classifier import TextClassifier
from charrnn.network.device import autocast
from charrnn.network.ranks import Ranks
from charrnn.network.state import State
from charrnn.settings import ModelSettings, PartName, TrainSettings
from charrnn.tasks.base import Batch, Task
from charrnn.tasks.example_batches import ExampleBatches, padded
from charrnn.text.corpus import Corpus
from charrnn.text.labelled import LabelledCorpus
from charrnn.text.tokenizers import valid_unicode

_EVALUATED = 256  # examples at once
_SHOWN, _LONGEST = 12, 60  # examples, characters of each


class LabelTask(Task[TextClassifier]):
    """Predicts the label of a text."""

    unit = "label"
    tokens_per_parameter = 50.0  # in 5 minutes 2x64 was right more often than 2x128: 92.4 to 91.9 %

    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus)
        assert isinstance(corpus, LabelledCorpus)
        self.examples = corpus

    @property
    def labels(self) -> tuple[str, ...]:
        return self.examples.labels

    @property
    def training_tokens(self) -> int:
        return len(self.corpus.part("train"))

    @property
    def uniform_loss(self) -> float:
        return math.log(len(self.labels))

    def fit(self, settings: TrainSettings) -> tuple[int, int]:
        examples = len(self.examples.examples("train"))
        return min(settings.batch_size, examples), max(1, round(self.training_tokens / examples))

    def network(self, model: ModelSettings) -> TextClassifier:
        return TextClassifier(model, self.corpus.tokenizer.size, len(self.labels))

    def batches(
        self, settings: TrainSettings, ranks: Ranks, device: torch.device
    ) -> ExampleBatches:
        batch_size, seq_length = self.fit(settings)
        part = ranks.part(batch_size)
        return ExampleBatches(self.examples, batch_size, seq_length, settings.seed, part, device)

    def loss(
        self, model: TextClassifier, batch: Batch, part: slice, masks: Sequence[Tensor]
    ) -> tuple[Tensor, State]:
        """Inputs of the batch are (T, B), targets and lengths (B,), masks (1, B, H)."""
        assert batch.lengths is not None
        logits = model(batch.inputs[:, part], batch.lengths[part], masks)
        return F.cross_entropy(logits, batch.targets[part]), ()

    def training_scores(self, loss: float) -> Scores:
        return {"bits_per_label": loss / math.log(2)}

    def validation_tokens(self, most: int) -> int:
        return min(most, len(self.corpus.part("valid")))

    def evaluate(
        self, model: TextClassifier, most_tokens: int, *, bf16: bool, ranks: Ranks
    ) -> LabelScore | None:
        numbers = self._first("valid", most_tokens)
        return self.score(model, numbers, bf16=bf16, ranks=ranks) if len(numbers) else None

    def _first(self, part: PartName, most_tokens: int) -> NDArray[np.int64]:
        """The first examples of a part, by number, with at most so many tokens; at least one."""
        found = self.examples.examples(part)
        starts = self.examples.starts[found.start : found.stop]
        fits = int((starts - self.examples.starts[found.start] < most_tokens).sum())
        return np.arange(found.start, found.start + fits)

    def score(
        self, model: TextClassifier, numbers: NDArray[np.int64], *, bf16: bool, ranks: Ranks
    ) -> LabelScore:
        """How well examples (N,), by number, are predicted. Each rank predicts its part of them."""
        labels = len(self.labels)
        total, confusion = 0.0, np.zeros((labels, labels), np.int64)
        for targets, logits in self._predicted(model, numbers[ranks.part(len(numbers))], bf16):
            total += float(F.cross_entropy(logits, targets, reduction="sum"))
            predicted = logits.argmax(-1).cpu().numpy()
            confusion += confusion_of(targets.cpu().numpy(), predicted, labels)
        total, *counts = ranks.sums(total, *confusion.ravel())
        whole = np.array(counts).round().astype(np.int64).reshape(labels, labels)
        return LabelScore(total / len(numbers), whole)

    def _predicted(
        self, model: TextClassifier, numbers: NDArray[np.int64], bf16: bool
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Targets (B,) and logits (B, K) of examples, those of about one length together."""
        lengths = self.examples.starts[numbers + 1] - self.examples.starts[numbers]
        numbers = numbers[np.argsort(lengths, kind="stable")]
        mode = model.training
        model.eval()
        try:
            for first in range(0, len(numbers), _EVALUATED):
                some = padded(self.examples, numbers[first : first + _EVALUATED])
                ids, sizes, targets = (torch.from_numpy(a).to(model.device) for a in some)
                with torch.no_grad(), autocast(model.device, bf16):
                    yield targets, model(ids, sizes).float()
        finally:
            model.train(mode)

    def example(self, model: TextClassifier) -> str:
        """Some validation texts with the label that is predicted, and the true one if another."""
        found = self.examples.examples("valid") or self.examples.examples("train")
        numbers = np.arange(found.start, min(found.stop, found.start + _SHOWN))
        ids, lengths, targets = padded(self.examples, numbers)
        with torch.no_grad():
            tensors = (torch.from_numpy(array).to(model.device) for array in (ids, lengths))
            predicted = model(*tensors).argmax(-1).tolist()
        lines = []
        for column, (guess, true) in enumerate(zip(predicted, targets.tolist(), strict=True)):
            decode = self.corpus.tokenizer.decoder()
            text = "".join(map(decode, ids[: lengths[column], column].tolist()))[:_LONGEST]
            names = self.labels
            said = names[guess] if guess == true else f"{names[guess]} (it is {names[true]})"
            lines.append(f"{text} -> {said}")
        return valid_unicode("\n".join(lines))
