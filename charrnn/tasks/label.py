"""The label of a text: many characters in, one of K labels out, or several."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from charrnn.events import Scores
from charrnn.inference.label_scores import LabelScore, score_of
from charrnn.inference.multi_label_scores import (
    MultiLabelScore,
    multi_label_score_of,
    several_hot,
)
from charrnn.network.classifier import TextClassifier
from charrnn.network.ranks import Ranks
from charrnn.network.state import State
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.tasks.base import Batch
from charrnn.tasks.example_batches import Arrays, ExampleBatches, Numbers, padded_texts
from charrnn.tasks.example_task import ExampleTask
from charrnn.text.corpus import Corpus
from charrnn.text.tokenizers import valid_unicode

_SHOWN, _LONGEST = 12, 60  # examples, characters of each


class LabelTask(ExampleTask[TextClassifier]):
    """Predicts the label of a text."""

    unit = "label"
    tokens_per_parameter = 50.0  # in 5 minutes 2x64 was right more often than 2x128: 92.4 to 91.9 %

    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus)
        self.multi_label = corpus.text.multi_label

    @property
    def uniform_loss(self) -> float:
        return math.log(2) if self.multi_label else math.log(len(self.labels))

    def network(self, model: ModelSettings) -> TextClassifier:
        return TextClassifier(model, self.corpus.tokenizer.size, len(self.labels))

    def collate(self, numbers: Numbers) -> Arrays:
        """Ids (T, B), their lengths, the labels (B,), or which each has (B, K)."""
        ids, lengths = padded_texts(self.examples, numbers)
        targets = [self.examples.targets_of(number) for number in numbers]
        if self.multi_label:
            several = several_hot(targets, len(self.labels)).astype(np.float32)
            return {"inputs": ids, "targets": several, "lengths": lengths}
        return {
            "inputs": ids,
            "targets": np.concatenate(targets, dtype=np.int64),
            "lengths": lengths,
        }

    def batches(
        self, settings: TrainSettings, ranks: Ranks, device: torch.device
    ) -> ExampleBatches:
        found = super().batches(settings, ranks, device)
        return found if settings.class_weights == "none" else replace(found, collate=self._weighted)

    def _weighted(self, numbers: Numbers) -> Arrays:
        """As `collate`, with how much each example counts (B,), or each of its labels (B, K)."""
        arrays, by_label = self.collate(numbers), self._class_weights
        targets = arrays["targets"]
        if self.multi_label:
            return {**arrays, "weights": np.where(targets > 0, by_label, np.float32(1))}
        return {**arrays, "weights": by_label[targets]}

    @cached_property
    def _class_weights(self) -> NDArray[np.float32]:
        """How much an example of each label (K,) counts, on average 1.

        Where a text may have several labels: how much having it counts beside not having it.
        """
        found = self.examples.examples("train")
        bounds = self.examples.target_starts[[found.start, found.stop]]
        counts = np.bincount(self.examples.targets[slice(*bounds)], minlength=len(self.labels))
        rarity = len(found) / np.maximum(1, counts)
        weights = rarity - 1 if self.multi_label else rarity / len(counts)
        return weights.astype(np.float32)

    def loss(
        self, model: TextClassifier, batch: Batch, part: slice, masks: Sequence[Tensor]
    ) -> tuple[Tensor, State]:
        """Inputs of the batch are (T, B), targets and lengths (B,), masks (1, B, F)."""
        assert batch.lengths is not None
        logits = model(batch.inputs[:, part], batch.lengths[part], masks)
        if self.multi_label:
            losses = F.binary_cross_entropy_with_logits(
                logits, batch.targets[part], reduction="none"
            )
        else:
            losses = F.cross_entropy(logits, batch.targets[part], reduction="none")
        if batch.weights is not None:
            losses = losses * batch.weights[part]
        return losses.mean(), ()

    def training_scores(self, loss: float) -> Scores:
        return {"bits_per_label": loss / math.log(2)}

    def score(
        self, model: TextClassifier, numbers: Numbers, *, bf16: bool, ranks: Ranks
    ) -> LabelScore | MultiLabelScore:
        del ranks  # every rank predicts all of them: it takes little time
        found, targets = [], []
        for _, batch, logits in self._computed(
            model, numbers, bf16, lambda b: model(b.inputs, b.lengths)
        ):
            found.append(logits.float().cpu().numpy())
            targets.append(batch.targets.cpu().numpy())
        rows, true = np.concatenate(found), np.concatenate(targets)
        return multi_label_score_of(rows, true > 0) if self.multi_label else score_of(rows, true)

    def example(self, model: TextClassifier) -> str:
        """Some validation texts with the label that is predicted, and the true one if another."""
        lines = []
        names = self.labels
        for _, batch, logits in self._computed(
            model, self.shown(_SHOWN), False, lambda b: model(b.inputs, b.lengths)
        ):
            ids, lengths = batch.inputs.cpu().numpy(), batch.lengths
            assert lengths is not None
            likely = logits > 0 if self.multi_label else F.one_hot(logits.argmax(-1), len(names))
            true = batch.targets > 0 if self.multi_label else F.one_hot(batch.targets, len(names))
            for column, length in enumerate(lengths.tolist()):
                text = self.text_of(ids[:length, column])[:_LONGEST]
                guess, right = self._named(likely[column]), self._named(true[column])
                lines.append(f"{text} -> {guess}" + f" (it is {right})" * (guess != right))
        return valid_unicode("\n".join(lines))

    def _named(self, hot: Tensor) -> str:
        """The labels that are there (K,)."""
        return ",".join(self.labels[number] for number in hot.nonzero().flatten().tolist())
