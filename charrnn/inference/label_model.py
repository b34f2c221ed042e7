"""The labels of texts, by a trained model and NumPy alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from charrnn.inference.label_scores import LabelScore, score_of
from charrnn.inference.task_model import GREEDY, Decoding, Ids, TaskModel, check_no_decoding
from charrnn.inference.text_classifier import TextClassifier
from charrnn.settings import UnknownName
from charrnn.text.tokenizers import valid_unicode


@dataclass(frozen=True)
class LabelPrediction:
    """The label of a text, and the probability (K) of each label, the most likely first."""

    text: str
    label: str
    probabilities: dict[str, float]

    @property
    def line(self) -> str:
        """The label."""
        return self.label

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        rounded = {valid_unicode(name): round(p, 6) for name, p in self.probabilities.items()}
        return {
            "text": valid_unicode(self.text),
            "label": valid_unicode(self.label),
            "probability": rounded[valid_unicode(self.label)],
            "probabilities": rounded,
        }


class LabelModel(TaskModel):
    """A trained model that labels texts: `charrnn.load` of a run of `--task label`."""

    @cached_property
    def network(self) -> TextClassifier:
        """The network, which takes token ids."""
        return TextClassifier(self.checkpoint.model, self.checkpoint.weights)

    def predict(
        self, texts: Iterable[str], unknown: UnknownName = "skip", decoding: Decoding = GREEDY
    ) -> list[LabelPrediction]:
        """The label of each text."""
        check_no_decoding(decoding, self.checkpoint)
        texts = [*texts]
        encoded = [self.input_of(text, unknown) for text in texts]
        found = []
        for text, row in zip(texts, self.network.probabilities(encoded), strict=True):
            order = np.argsort(-row, kind="stable").tolist()
            by_name = {self.labels[number]: float(row[number]) for number in order}
            found.append(LabelPrediction(text, self.labels[order[0]], by_name))
        return found

    def score(
        self, inputs: Sequence[Ids], targets: Sequence[Ids], decoding: Decoding = GREEDY
    ) -> LabelScore:
        """How often the label (1,) of each text (T,) is predicted."""
        check_no_decoding(decoding, self.checkpoint)
        numbers = np.concatenate(targets).astype(np.int64)
        return score_of(self.network.probabilities(inputs), numbers)
