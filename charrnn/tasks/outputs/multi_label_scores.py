"""How well labels are predicted where an example may have several: F1 and exact sets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.tables import Table, plural
from charrnn.tasks.outputs.scores import Counts, bits_per, f1
from charrnn.text.tokenizers import valid_unicode


@dataclass(frozen=True)
class MultiLabelScore:
    """The mean loss in nats of a label of an example: whether it has it.

    `counts`: examples that have a label, that are given it, and both; `exact` of the `examples` are
    given all of their labels and no other. `unknown`: labels of examples that the model does not
    have.
    """

    loss: float
    counts: Counts
    exact: int
    examples: int
    unknown: int = 0

    @property
    def accuracy(self) -> float:
        """The fraction of examples whose labels are all predicted, and no other."""
        return self.exact / max(1, self.examples)

    @property
    def micro_f1(self) -> float:
        """F1 of all labels together."""
        true, predicted, both = (int(values.sum()) for values in self.counts)
        return f1(both, true + self.unknown, predicted)

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        return {
            "bits_per_label": self.loss / math.log(2),
            "accuracy": self.accuracy,
            "micro_f1": self.micro_f1,
            "macro_f1": self.counts.macro_f1,
        }

    def details(self, labels: Sequence[str]) -> dict[str, Any]:
        """What was counted, by label."""
        by_label = zip(*(values.tolist() for values in self.counts), strict=True)
        return {
            "examples": self.examples,
            "labels": {
                valid_unicode(label): dict(zip(Counts._fields, counted, strict=True))
                for label, counted in zip(labels, by_label, strict=True)
            },
        }

    def tables(self, labels: Sequence[str]) -> list[Table]:
        """F1 of all labels together, and each of the labels (K)."""
        exact = f"{self.exact:,} of {plural(self.examples, 'text')} have exactly their labels"
        return [
            Table(
                ["label", "texts", "precision", "recall", "F1"],
                self.counts.rows(labels),
                f"micro F1 {self.micro_f1:.3f}, macro F1 {self.counts.macro_f1:.3f}",
                [f"{exact}: accuracy {self.accuracy:.1%}{bits_per('label', self.scores)}"],
            )
        ]


def multi_label_score_of(
    logits: NDArray[np.float32], targets: NDArray[np.bool_], unknown: NDArray[np.int64]
) -> MultiLabelScore:
    """Logits (N, K), which labels the examples have (N, K), and how many others each has (N,)."""
    wrong = np.where(targets, -logits, logits).astype(np.float64)
    loss = float(np.logaddexp(0, wrong).mean())
    predicted = logits > 0
    counts = Counts(targets.sum(0), predicted.sum(0), (targets & predicted).sum(0))
    exact = (targets == predicted).all(1) & (unknown == 0)
    return MultiLabelScore(loss, counts, int(exact.sum()), len(targets), int(unknown.sum()))


def several_hot(targets: Sequence[NDArray[np.integer]], labels: int) -> NDArray[np.bool_]:
    """Indices of labels of each example (N) -> which it has (N, K). -1 is none of them."""
    hot = np.zeros((len(targets), labels + 1), bool)
    for example, indices in enumerate(targets):
        hot[example, indices] = True
    return hot[:, :labels]
