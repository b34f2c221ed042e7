"""How well labels are predicted: accuracy, F1, the confusion matrix, and exact sets of labels.

Scores of examples that have one label each, and of examples that may have several.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import plural
from charrnn.inference.sampling import check_finite
from charrnn.tables import Cell, Styled, Table
from charrnn.tasks.outputs.scores import Counts, without_bits
from charrnn.text.tokenizers import valid_unicode

_MOST = 12  # labels whose confusion matrix is shown
_LONGEST = 10  # characters of a label above a column

Evaluated = tuple[NDArray[np.float32], NDArray[Any]]
"""Logits (N, K) of a batch, and its targets."""


@dataclass(frozen=True)
class LabelScore:
    """The mean loss in nats, and `confusion` (L, K): examples by true and by predicted label.

    `labels` (L): the K that the model has, and those that only the examples have, which are wrong
    and have no loss.
    """

    loss: float
    confusion: NDArray[np.int64]
    labels: Sequence[str]

    @property
    def examples(self) -> int:
        """How many there were."""
        return int(self.confusion.sum())

    @property
    def unscored(self) -> int:
        """Those without a loss."""
        return int(self.confusion[self.confusion.shape[1] :].sum())

    @property
    def right(self) -> int:
        """The examples whose label is predicted."""
        return int(np.trace(self.confusion))

    @property
    def accuracy(self) -> float:
        """The fraction of examples whose label is predicted."""
        return self.right / max(1, self.examples)

    @property
    def counts(self) -> Counts:
        """Examples of each label: true, predicted, both."""
        predicted, both = self.confusion.sum(0), np.diagonal(self.confusion)
        lacking = len(self.labels) - len(predicted)
        return Counts(
            self.confusion.sum(1), np.pad(predicted, (0, lacking)), np.pad(both, (0, lacking))
        )

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        return {
            "accuracy": self.accuracy,
            "macro_f1": self.counts.macro_f1,
            "bits_per_label": self.loss / math.log(2),
        }

    def details(self) -> dict[str, Any]:
        """The labels (L), and the confusion matrix."""
        return {
            "examples": self.examples,
            "unscored": self.unscored,
            "labels": [valid_unicode(label) for label in self.labels],
            "confusion": self.confusion.tolist(),
        }

    def tables(self) -> list[Table]:
        """How many are right, each of the labels (L), and the confusion matrix of up to a dozen."""
        counts = self.counts
        rows = zip(counts.rows(self.labels), counts.occur.tolist(), strict=True)
        table = Table(
            ["label", "examples", "precision", "recall", "F1"],
            [row for row, occurs in rows if occurs],
            f"{self.right:,} of {plural(self.examples, 'example')} right",
            without_bits(self.unscored, "example", "a label that the model lacks"),
        )
        return [table, self._matrix()] if len(self.labels) <= _MOST else [table]

    def _matrix(self) -> Table:
        names = [valid_unicode(label) for label in self.labels]
        rows: list[list[Cell]] = [
            [
                name,
                *(Styled(n or None, "bold" * (row == column)) for column, n in enumerate(counts)),
            ]
            for row, (name, counts) in enumerate(zip(names, self.confusion.tolist(), strict=True))
        ]
        note = "confusion matrix: rows are true labels, columns predicted ones"
        short = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in names]
        heads = short[: self.confusion.shape[1]]
        return Table(["", *heads], rows, notes=[note], optional=heads, wraps=None)


def score_of(batches: Iterable[Evaluated], labels: Sequence[str]) -> LabelScore:
    """True labels (N,) are indices of L labels, of which the model has K. DivergedError."""
    loss, scored, confusion = 0.0, 0, np.zeros((len(labels), 1), np.int64)
    for logits, targets in batches:
        check_finite(bool(np.isfinite(logits).all()))
        size, predicted = logits.shape[1], logits.argmax(1)
        known = targets < size
        exact, true = logits[known].astype(np.float64), targets[known]
        losses = np.logaddexp.reduce(exact, 1) - exact[np.arange(len(true)), true]
        pairs = np.bincount(targets * size + predicted, minlength=len(labels) * size)
        confusion = confusion + pairs.reshape(len(labels), size)
        loss, scored = loss + float(losses.sum()), scored + len(true)
    return LabelScore(loss / scored if scored else math.nan, confusion, labels)


@dataclass(frozen=True)
class MultiLabelScore:
    """The mean loss in nats of a label of an example: whether it has it.

    `counts` (L): examples that have a label, that are given it, and both; `exact` of the `examples`
    are given all of their labels and no other. `labels` (L): those that the model has, and those
    that only the examples have, which have no loss.
    """

    loss: float
    counts: Counts
    exact: int
    examples: int
    labels: Sequence[str]

    @property
    def accuracy(self) -> float:
        """The fraction of examples whose labels are all predicted, and no other."""
        return self.exact / max(1, self.examples)

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        return {
            "micro_f1": self.counts.micro_f1,
            "macro_f1": self.counts.macro_f1,
            "accuracy": self.accuracy,
            "bits_per_label": self.loss / math.log(2),
        }

    def details(self) -> dict[str, Any]:
        """What was counted, by label."""
        by_label = zip(*(values.tolist() for values in self.counts), strict=True)
        return {
            "examples": self.examples,
            "labels": {
                valid_unicode(label): dict(zip(Counts._fields, counted, strict=True))
                for label, counted in zip(self.labels, by_label, strict=True)
            },
        }

    def tables(self) -> list[Table]:
        """How many have exactly their labels, and each of the labels (L)."""
        return [
            Table(
                ["label", "texts", "precision", "recall", "F1"],
                self.counts.rows(self.labels),
                f"{self.exact:,} of {plural(self.examples, 'text')} have exactly their labels",
            )
        ]


def multi_label_score_of(batches: Iterable[Evaluated], labels: Sequence[str]) -> MultiLabelScore:
    """Targets say which of L labels examples have (N, L or fewer); the model has K of them.

    DivergedError.
    """
    loss, exact, examples, counts = 0.0, 0, 0, np.zeros((3, len(labels)), np.int64)
    for logits, targets in batches:
        check_finite(bool(np.isfinite(logits).all()))
        true, predicted = (
            np.pad(has > 0, ((0, 0), (0, len(labels) - has.shape[1]))) for has in (targets, logits)
        )
        wrong = np.where(true[:, : logits.shape[1]], -logits, logits).astype(np.float64)
        loss += float(np.logaddexp(0, wrong).mean(1).sum())
        counts += [true.sum(0), predicted.sum(0), (true & predicted).sum(0)]
        exact += int((true == predicted).all(1).sum())
        examples += len(logits)
    return MultiLabelScore(loss / max(1, examples), Counts(*counts), exact, examples, labels)


def several_hot(targets: Sequence[NDArray[np.integer]], labels: int) -> NDArray[np.bool_]:
    """Indices of labels of each example (N) -> which it has (N, K or more, up to the last)."""
    last = max((int(indices.max()) for indices in targets if len(indices)), default=0)
    hot = np.zeros((len(targets), max(labels, last + 1)), bool)
    for example, indices in enumerate(targets):
        hot[example, indices] = True
    return hot
