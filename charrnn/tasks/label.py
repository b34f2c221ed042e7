"""The label of a text: many characters in, one of K labels out, or several."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from charrnn.events import Scores
from charrnn.inference.label_scores import LabelScore, confusion_of
from charrnn.network.classifier import TextClassifier
from charrnn.network.ranks import Ranks
from charrnn.network.state import State
from charrnn.settings import ModelSettings, PartName
from charrnn.tasks.base import Batch
from charrnn.tasks.example_batches import Arrays, Numbers, padded_targets, padded_texts
from charrnn.tasks.example_task import ExampleTask
from charrnn.text.tokenizers import valid_unicode

_SHOWN, _LONGEST = 12, 60  # examples, characters of each


class LabelTask(ExampleTask[TextClassifier]):
    """Predicts the label of a text."""

    unit = "label"
    tokens_per_parameter = 50.0  # in 5 minutes 2x64 was right more often than 2x128: 92.4 to 91.9 %

    @property
    def uniform_loss(self) -> float:
        return math.log(len(self.labels))

    def network(self, model: ModelSettings) -> TextClassifier:
        return TextClassifier(model, self.corpus.tokenizer.size, len(self.labels))

    def lengths(self, part: PartName) -> NDArray[np.int64]:
        found = self.examples.examples(part)
        return np.diff(self.examples.starts[found.start : found.stop + 1])

    def collate(self, numbers: Numbers) -> Arrays:
        """Ids (T, B), their lengths, the labels (B,)."""
        ids, lengths = padded_texts(self.examples, numbers)
        targets, _ = padded_targets(self.examples, numbers)
        return {"inputs": ids, "targets": targets[0], "lengths": lengths}

    def loss(
        self, model: TextClassifier, batch: Batch, part: slice, masks: Sequence[Tensor]
    ) -> tuple[Tensor, State]:
        """Inputs of the batch are (T, B), targets and lengths (B,), masks (1, B, F)."""
        assert batch.lengths is not None
        logits = model(batch.inputs[:, part], batch.lengths[part], masks)
        return F.cross_entropy(logits, batch.targets[part]), ()

    def training_scores(self, loss: float) -> Scores:
        return {"bits_per_label": loss / math.log(2)}

    def score(
        self, model: TextClassifier, numbers: Numbers, *, bf16: bool, ranks: Ranks
    ) -> LabelScore:
        labels = len(self.labels)
        total, confusion = 0.0, np.zeros((labels, labels), np.int64)
        own = numbers[ranks.part(len(numbers))]
        for _, batch, logits in self._computed(
            model, own, bf16, lambda b: model(b.inputs, b.lengths)
        ):
            total += float(F.cross_entropy(logits.float(), batch.targets, reduction="sum"))
            predicted = logits.argmax(-1).cpu().numpy()
            confusion += confusion_of(batch.targets.cpu().numpy(), predicted, labels)
        total, *counts = ranks.sums(total, *confusion.ravel())
        whole = np.array(counts).round().astype(np.int64).reshape(labels, labels)
        return LabelScore(total / len(numbers), whole)

    def example(self, model: TextClassifier) -> str:
        """Some validation texts with the label that is predicted, and the true one if another."""
        lines = []
        names = self.labels
        for _, batch, logits in self._computed(
            model, self.shown(_SHOWN), False, lambda b: model(b.inputs, b.lengths)
        ):
            ids, lengths = batch.inputs.cpu().numpy(), batch.lengths
            assert lengths is not None
            predicted, true = logits.argmax(-1).tolist(), batch.targets.tolist()
            for column, length in enumerate(lengths.tolist()):
                text = self.text_of(ids[:length, column])[:_LONGEST]
                guess, right = names[predicted[column]], names[true[column]]
                lines.append(f"{text} -> {guess}" + f" (it is {right})" * (guess != right))
        return valid_unicode("\n".join(lines))
