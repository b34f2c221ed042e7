"""How well labels are predicted where a text may have several: F1 and exact sets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.tables import Table, plural
from charrnn.tasks.outputs.tag_scores import bits_per, f1
from charrnn.text.tokenizers import valid_unicode


@dataclass(frozen=True)
class MultiLabelScore:
    """The mean loss in nats of a label of a text: whether it has it.

    `true`, `predicted`, `both` (K,): texts that have a label, that are given it, and both;
    `exact` of the `examples` are given all of their labels and no other. `unknown`: labels of
    examples that the model does not have.
    """

    loss: float
    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    both: NDArray[np.int64]
    exact: int
    examples: int
    unknown: int = 0

    @property
    def accuracy(self) -> float:
        """The fraction of texts whose labels are all predicted, and no other."""
        return self.exact / max(1, self.examples)

    @property
    def micro_f1(self) -> float:
        """F1 of all labels together."""
        true = int(self.true.sum()) + self.unknown
        return f1(int(self.both.sum()), true, int(self.predicted.sum()))

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels that occur."""
        return float(self.f1[self.true > 0].mean()) if self.true.any() else 0.0

    @property
    def f1(self) -> NDArray[np.float64]:
        """F1 (K,) of each label."""
        scores: NDArray[np.float64] = 2 * self.both / np.maximum(1, self.true + self.predicted)
        return scores

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        return {
            "bits_per_label": self.loss / math.log(2),
            "accuracy": self.accuracy,
            "micro_f1": self.micro_f1,
            "macro_f1": self.macro_f1,
        }

    def details(self, labels: Sequence[str]) -> dict[str, Any]:
        """What was counted, by label."""
        counts = zip(labels, self.true, self.predicted, self.both, strict=True)
        return {
            "examples": self.examples,
            "labels": {
                valid_unicode(label): {"true": int(a), "predicted": int(b), "both": int(c)}
                for label, a, b, c in counts
            },
        }

    def tables(self, labels: Sequence[str]) -> list[Table]:
        """F1 of all labels together, and each of the labels (K)."""
        exact = f"{self.exact:,} of {plural(self.examples, 'text')} have exactly their labels"
        bits = bits_per("label", self.scores)
        figures = self.both / self.predicted.clip(1), self.both / self.true.clip(1), self.f1
        counts = (values.tolist() for values in (self.true, *figures))
        return [
            Table(
                ["label", "texts", "precision", "recall", "F1"],
                [*zip(map(valid_unicode, labels), *counts, strict=True)],
                f"micro F1 {self.micro_f1:.3f}, macro F1 {self.macro_f1:.3f}",
                [f"{exact}: accuracy {self.accuracy:.1%}{bits}"],
            )
        ]


def multi_label_score_of(
    logits: NDArray[np.float32], targets: NDArray[np.bool_], unknown: NDArray[np.int64]
) -> MultiLabelScore:
    """Logits (N, K), which labels the examples have (N, K), and how many others each has (N,)."""
    wrong = np.where(targets, -logits, logits).astype(np.float64)
    loss = float(np.logaddexp(0, wrong).mean())
    predicted = logits > 0
    exact = (targets == predicted).all(1) & (unknown == 0)
    return MultiLabelScore(
        loss, targets.sum(0), predicted.sum(0), (targets & predicted).sum(0),
        int(exact.sum()), len(targets), int(unknown.sum()),
    )  # fmt: skip


def several_hot(targets: Sequence[NDArray[np.integer]], labels: int) -> NDArray[np.bool_]:
    """Numbers of labels of each example (N) -> which it has (N, K). -1 is none of them."""
    hot = np.zeros((len(targets), labels + 1), bool)
    for example, numbers in enumerate(targets):
        hot[example, numbers] = True
    return hot[:, :labels]
