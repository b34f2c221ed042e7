"""The labels of texts, by a trained model and NumPy alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from charrnn.inference.label_scores import LabelScore, score_of
from charrnn.inference.multi_label_scores import (
    MultiLabelScore,
    multi_label_score_of,
    several_hot,
)
from charrnn.inference.task_model import GREEDY, Decoding, Ids, TaskModel, check_no_decoding, listed
from charrnn.inference.text_classifier import TextClassifier
from charrnn.settings import UnknownName
from charrnn.text.tokenizers import valid_unicode

_LIKELY = 0.5


@dataclass(frozen=True)
class LabelPrediction:
    """The label of a text, and the probability (K) of each label, the most likely first.

    `labels`: all that are likelier than not, where a text may have several or none.
    """

    text: str
    label: str
    probabilities: dict[str, float]
    labels: tuple[str, ...] | None = None

    @property
    def line(self) -> str:
        """The label, or the labels with commas between."""
        return self.label if self.labels is None else ",".join(self.labels)

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        rounded = {valid_unicode(name): round(p, 6) for name, p in self.probabilities.items()}
        label = valid_unicode(self.label)
        found: dict[str, Any] = {"label": label, "probability": rounded[label]}
        if self.labels is not None:
            found = {"labels": [*map(valid_unicode, self.labels)]}
        return {"text": valid_unicode(self.text), **found, "probabilities": rounded}


class LabelModel(TaskModel):
    """A trained model that labels texts: `charrnn.load` of a run of `--task label`."""

    @cached_property
    def network(self) -> TextClassifier:
        """The network, which takes token ids."""
        about = self.checkpoint
        return TextClassifier(about.model, about.weights, multi_label=about.text.multi_label)

    def predict(
        self, texts: Iterable[str], unknown: UnknownName = "skip", decoding: Decoding = GREEDY
    ) -> list[LabelPrediction]:
        """The label of each text."""
        check_no_decoding(decoding, self.checkpoint)
        texts = listed(texts)
        encoded = [self.input_of(text, unknown) for text in texts]
        found = []
        for text, row in zip(texts, self.network.probabilities(encoded), strict=True):
            order = np.argsort(-row, kind="stable").tolist()
            by_name = {self.labels[number]: float(row[number]) for number in order}
            several = None
            if self.network.multi_label:
                several = tuple(name for name, p in by_name.items() if p > _LIKELY)
            found.append(LabelPrediction(text, self.labels[order[0]], by_name, several))
        return found

    def score(
        self, inputs: Sequence[Ids], targets: Sequence[Ids], decoding: Decoding = GREEDY
    ) -> LabelScore | MultiLabelScore:
        """How often the label (1,) of each text (T,) is predicted, or its labels."""
        check_no_decoding(decoding, self.checkpoint)
        logits = self.network.logits(inputs)
        if self.network.multi_label:
            return multi_label_score_of(logits, several_hot(targets, len(self.labels)))
        return score_of(logits, np.concatenate(targets).astype(np.int64))
