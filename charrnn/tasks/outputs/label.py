"""The label of an example, or its labels: text classification."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array, binary_cross_entropy, cross_entropy, sigmoid, softmax
from charrnn.inference.decoding import Decoding
from charrnn.inference.sampling import check_finite
from charrnn.network.heads import LabelHead
from charrnn.settings import TextSettings
from charrnn.tasks.base import Batch, ExampleScore, Subject
from charrnn.tasks.examples import Indices, Ragged
from charrnn.tasks.inputs.base import Input
from charrnn.tasks.outputs.base import Asked, Computed, ExampleNetwork, Output, pairs
from charrnn.tasks.outputs.label_scores import multi_label_score_of, score_of, several_hot
from charrnn.text.example_columns import OTHERS, Layout, MalformedError, Record
from charrnn.text.examples import Lines, Parsed
from charrnn.text.tokenizers import valid_unicode

_LIKELY = 0.5


@dataclass(frozen=True)
class LabelPrediction:
    """The label of an example, and the probability (K) of each label, the most likely first.

    `labels`: all that are likelier than a threshold, where an example may have several or none.
    `listed`: the probabilities of some labels, where these were asked for.
    """

    source: str
    label: str
    probabilities: dict[str, float]
    labels: tuple[str, ...] | None = None
    listed: dict[str, float] | None = None

    @property
    def prediction(self) -> str:
        """The label, or the labels with commas between."""
        return self.label if self.labels is None else ",".join(self.labels)

    @property
    def probability(self) -> float:
        """That of the label, or of exactly these labels."""
        if self.labels is None:
            return self.probabilities[self.label]
        each = self.probabilities.items()
        return math.prod(p if name in self.labels else 1 - p for name, p in each)

    @property
    def line(self) -> str:
        """The prediction, or what is listed: `label probability`, with tabs between."""
        if self.listed is None:
            return self.prediction
        return "\t".join(f"{name} {p:.4f}" for name, p in self.listed.items())

    def record(self) -> dict[str, Any]:
        """It as JSON has it."""
        shown = self.probabilities if self.listed is None else self.listed
        label: dict[str, Any] = {"label": valid_unicode(self.label)}
        if self.labels is not None:
            label = {"labels": [*map(valid_unicode, self.labels)]}
        return {
            "source": valid_unicode(self.source),
            "prediction": valid_unicode(self.prediction),
            "probability": self.probability,
            **label,
            "probabilities": {valid_unicode(name): p for name, p in shown.items()},
        }


class LabelLines(Lines):
    """`label<TAB>text`; with `multi_label` labels separated by commas."""

    target = "label"
    least = 2

    def __init__(self, settings: TextSettings, source: Input) -> None:
        self.one_target = not settings.multi_label
        self.layout = Layout(
            ("label", source.name), 1, _divided, ("tsv", "csv", "jsonl", "fasttext")
        )
        self.hint = f"Each line is a label, a tab and {source.described}. {OTHERS}"

    def read(self, records: Iterator[Record]) -> Iterator[Parsed]:
        for line, label, text in pairs(records, self.layout.names):
            labels = {label.strip()} if self.one_target else {*map(str.strip, label.split(","))}
            if "" in labels:
                raise MalformedError(line, "has an empty label")
            yield Parsed(line, text, tuple(sorted(labels)))


def _divided(line: str) -> Sequence[str]:
    return line.split("\t", 1)


class LabelOutput(Output):
    """One of K labels, or several of them."""

    unit = "label"
    head = LabelHead
    lines = LabelLines
    counted = "labels"
    tokens_per_parameter = 50.0  # in 5 minutes 2x64 was right more often than 2x128: 92.4 to 91.9 %
    batch_axis = 0
    options = ("top", "threshold")

    def __init__(self, subject: Subject, source: Input) -> None:
        super().__init__(subject, source)
        self.several, self.between = subject.text.multi_label, ","
        self.class_weights: NDArray[np.float32] | None = None
        """How much an example of each label (K,) counts, if not equally."""

    @property
    def uniform_loss(self) -> float:
        return math.log(2) if self.several else math.log(len(self.names))

    def balance(self, targets: NDArray[np.integer[Any]], examples: int) -> None:
        """As the base says. On average an example counts 1.

        Where it may have several labels, this is how much having one counts beside not having it.
        """
        rarity = examples / np.maximum(1, np.bincount(targets, minlength=len(self.names)))
        weights = rarity - 1 if self.several else rarity / len(rarity)
        self.class_weights = weights.astype(np.float32)

    def collate(
        self,
        targets: Ragged,
        indices: Indices,
        inputs: Mapping[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """The labels (B,), or which each has (B, K), and how much they count.

        K is larger where examples have labels that the model lacks.
        """
        chosen = [targets[index] for index in indices]
        fields: dict[str, Any] = {}
        weights = self.class_weights
        if self.several:
            hot = several_hot(chosen, len(self.names)).astype(np.float32)
            fields["targets"] = hot
            if weights is not None:
                fields["weights"] = np.where(hot > 0, weights, np.float32(1))
        else:
            labels = np.concatenate(chosen, dtype=np.int64)
            fields["targets"] = labels
            if weights is not None:
                fields["weights"] = weights[labels]
        return fields

    def loss(self, network: ExampleNetwork, batch: Batch, masks: Sequence[Array]) -> Array:
        outputs, mask, _ = network.encode(batch, masks)
        logits = network.head.logits(outputs, mask)
        losses = (binary_cross_entropy if self.several else cross_entropy)(logits, batch.targets)
        return (losses if batch.weights is None else losses * batch.weights).mean()

    def evaluate(self, network: ExampleNetwork, batch: Batch) -> tuple[Array, ...]:
        outputs, mask, _ = network.encode(batch)
        return (network.head.logits(outputs, mask),)

    def score(self, evaluated: Iterable[Computed], names: Sequence[str]) -> ExampleScore:
        """How often the labels are predicted."""
        batches = ((arrays[0], batch.targets) for _, batch, arrays in evaluated)
        return (multi_label_score_of if self.several else score_of)(batches, names)

    def losses(self, computed: Computed) -> NDArray[np.floating[Any]]:
        _, batch, (logits,) = computed
        size = len(self.names)
        if self.several:
            lacks = batch.targets[:, size:].any(1)
            losses = binary_cross_entropy(logits, batch.targets[:, :size]).sum(1)
        else:
            lacks = batch.targets >= size
            losses = cross_entropy(logits, np.where(lacks, 0, batch.targets))
        return np.where(lacks, math.inf, losses)

    def predict(
        self, network: ExampleNetwork, batch: Batch, asked: Asked
    ) -> Iterator[LabelPrediction]:
        (logits,) = self.evaluate(network, batch)
        check_finite(bool(np.isfinite(logits).all()))
        exact = logits.astype(np.float64)
        probabilities = sigmoid(exact) if self.several else softmax(exact)
        for text, row in zip(asked.texts, probabilities, strict=True):
            yield self._prediction(text, row, asked.decoding)

    def written(self, targets: Sequence[str], prediction: LabelPrediction) -> str:
        """As the base says. Several labels stand in the prediction's order."""
        ranks = {name: rank for rank, name in enumerate(prediction.probabilities)}
        ranked = sorted(targets, key=lambda name: ranks.get(name, len(ranks)))
        return super().written(ranked, prediction)

    def _prediction(
        self, text: str, probabilities: NDArray[np.float64], decoding: Decoding
    ) -> LabelPrediction:
        order = np.argsort(-probabilities, kind="stable").tolist()
        by_name = {self.names[number]: float(probabilities[number]) for number in order}
        least = _LIKELY if decoding.threshold is None else decoding.threshold
        likely = {name: p for name, p in by_name.items() if p > least}
        listed = None
        if decoding.top or decoding.threshold is not None:
            kept = by_name if decoding.threshold is None else likely
            listed = dict(islice(kept.items(), decoding.top))
        labels = tuple(likely) if self.several else None
        return LabelPrediction(text, self.names[order[0]], by_name, labels, listed)
