"""How well labels are predicted: accuracy, F1, the confusion matrix, and exact sets of labels.

Scores of examples that have one label each, and of examples that may have several.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.tables import Cell, Styled, Table, plural
from charrnn.tasks.outputs.scores import Counts, bits_per, f1
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


def score_of(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> LabelScore:
    """Logits (N, K) and true labels (N,) by index, -1 for one that the model does not have."""
    labels, known = logits.shape[1], targets >= 0
    predicted = logits.argmax(1).astype(np.int64)
    exact, true = logits[known].astype(np.float64), targets[known]
    losses = np.logaddexp.reduce(exact, 1) - exact[np.arange(len(true)), true]
    pairs = np.bincount(true * labels + predicted[known], minlength=labels**2)
    unknown = np.bincount(predicted[~known], minlength=labels)
    loss = float(losses.mean()) if len(true) else math.nan
    return LabelScore(loss, pairs.reshape(labels, labels), unknown)


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
