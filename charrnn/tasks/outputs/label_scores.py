"""How well labels are predicted: accuracy, F1 and the confusion matrix."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.tables import Cell, Styled, Table, plural
from charrnn.tasks.outputs.scores import Counts, bits_per
from charrnn.text.tokenizers import valid_unicode

_MOST = 12  # labels whose confusion matrix is shown


@dataclass(frozen=True)
class LabelScore:
    """The mean loss in nats, and `confusion` (K, K): examples by true and by predicted label.

    `unknown` (K,): examples by predicted label whose true one the model does not have. They are
    wrong, and have no loss.
    """

    loss: float
    confusion: NDArray[np.int64]
    unknown: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))

    @property
    def examples(self) -> int:
        """How many there were."""
        return int(self.confusion.sum() + self.unknown.sum())

    @property
    def accuracy(self) -> float:
        """The fraction of examples whose label is predicted."""
        return float(np.trace(self.confusion) / max(1, self.examples))

    @property
    def counts(self) -> Counts:
        """Examples of each label: true, predicted, both."""
        predicted = self.confusion.sum(0) + self.unknown
        return Counts(self.confusion.sum(1), predicted, np.diagonal(self.confusion))

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        return {
            "bits_per_label": self.loss / math.log(2),
            "accuracy": self.accuracy,
            "macro_f1": self.counts.macro_f1,
        }

    def details(self, labels: Sequence[str]) -> dict[str, Any]:
        """The labels (K), and the confusion matrix."""
        return {
            "examples": self.examples,
            "labels": [valid_unicode(label) for label in labels],
            "confusion": self.confusion.tolist(),
        }

    def tables(self, labels: Sequence[str]) -> list[Table]:
        """The accuracy, each of the labels (K), and the confusion matrix of up to a dozen."""
        counts = self.counts
        occurs = (counts.true + counts.predicted > 0).tolist()
        table = Table(
            ["label", "examples", "precision", "recall", "F1"],
            [row for row, shown in zip(counts.rows(labels), occurs, strict=True) if shown],
            f"accuracy {self.accuracy:.1%} of {plural(self.examples, 'example')}",
            [f"macro F1 {counts.macro_f1:.3f}{bits_per('label', self.scores)}"],
        )
        return [table, self._matrix(labels)] if len(labels) <= _MOST else [table]

    def _matrix(self, labels: Sequence[str]) -> Table:
        short = [valid_unicode(label)[:10] for label in labels]
        rows: list[list[Cell]] = [
            [
                name,
                *(Styled(n or None, "bold" * (row == column)) for column, n in enumerate(counts)),
            ]
            for row, (name, counts) in enumerate(zip(short, self.confusion.tolist(), strict=True))
        ]
        note = "confusion matrix: rows are true labels, columns predicted ones"
        return Table(["", *short], rows, notes=[note], optional=short, wraps=None)


def confusion_of(
    targets: NDArray[np.int64], predicted: NDArray[np.int64], labels: int
) -> NDArray[np.int64]:
    """True and predicted labels (N,) by index -> how often each pair stands there (K, K)."""
    pairs = targets * labels + predicted
    counts: NDArray[np.int64] = np.bincount(pairs, minlength=labels**2).reshape(labels, labels)
    return counts


def score_of(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> LabelScore:
    """Logits (N, K) and true labels (N,) by index, -1 for one that the model does not have."""
    labels, known = logits.shape[1], targets >= 0
    predicted = logits.argmax(1).astype(np.int64)
    exact, true = logits[known].astype(np.float64), targets[known]
    losses = np.logaddexp.reduce(exact, 1) - exact[np.arange(len(true)), true]
    confusion = confusion_of(true, predicted[known], labels)
    unknown = np.bincount(predicted[~known], minlength=labels)
    return LabelScore(float(losses.mean()) if len(true) else math.nan, confusion, unknown)
