"""The labels of texts, by a trained model and NumPy alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.inference.text_classifier import TextClassifier
from charrnn.settings import UnknownName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.text.tokenizers import valid_unicode
from charrnn.text.unknown import known_text


@dataclass(frozen=True)
class Prediction:
    """The label of a text, and the probability (K) of each label, the most likely first."""

    text: str
    label: str
    probabilities: dict[str, float]

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        rounded = {valid_unicode(name): round(p, 6) for name, p in self.probabilities.items()}
        return {
            "text": valid_unicode(self.text),
            "label": valid_unicode(self.label),
            "probability": rounded[valid_unicode(self.label)],
            "probabilities": rounded,
        }


class LabelModel:
    """A trained model that labels texts: `charrnn.load` of a run of `--task label`."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def __repr__(self) -> str:
        about = f"{self.checkpoint.model.cell} {self.checkpoint.model.size}"
        labels = f"{len(self.labels)} labels"
        return f"<charrnn model {self.checkpoint.run}: {labels}, {about}>"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it can give."""
        return self.checkpoint.labels

    @cached_property
    def network(self) -> TextClassifier:
        """The network, which takes token ids."""
        return TextClassifier(self.checkpoint.model, self.checkpoint.weights)

    def predict(self, texts: Iterable[str], unknown: UnknownName = "skip") -> list[Prediction]:
        """The label of each text.

        `unknown` says what becomes of characters that the vocabulary lacks. A text of which nothing
        is left is predicted like a text of one arbitrary token. TextError with `unknown="error"`.
        """
        return [*self._predict([*texts], unknown)]

    def _predict(self, texts: Sequence[str], unknown: UnknownName) -> Iterator[Prediction]:
        encoded = [self.ids(text, unknown) for text in texts]
        for text, row in zip(texts, self.network.probabilities(encoded), strict=True):
            order = np.argsort(-row, kind="stable").tolist()
            found = {self.labels[number]: float(row[number]) for number in order}
            yield Prediction(text, self.labels[order[0]], found)

    def ids(self, text: str, unknown: UnknownName) -> NDArray[np.unsignedinteger[Any]]:
        """The tokens of a text, at least one. TextError as `predict`."""
        tokenizer = self.checkpoint.tokenizer
        text, _ = known_text(text, tokenizer, unknown)
        return tokenizer.encode(text) if text else np.zeros(1, np.uint8)
