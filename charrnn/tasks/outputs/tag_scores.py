"""How well tags are predicted: accuracy of tokens, F1 of spans."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from charrnn.tables import Cell, Table
from charrnn.tasks.outputs.scores import Counts, bits_per, f1
from charrnn.tasks.outputs.spans import Scheme


@dataclass
class TagScore:
    """The mean loss in nats per tag, and counts of tokens and spans: true, predicted, both."""

    scheme: Scheme
    loss: float = 0.0
    tokens: int = 0
    right: int = 0
    true: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)
    both: Counter[str] = field(default_factory=Counter)

    def add(self, true: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one text, given its true and predicted tags (S,)."""
        self.tokens += len(true)
        self.right += sum(a == b for a, b in zip(true, predicted, strict=True))
        true_spans, predicted_spans = map(self.scheme.spans, (true, predicted))
        self.true.update(span.kind for span in true_spans)
        self.predicted.update(span.kind for span in predicted_spans)
        self.both.update(span.kind for span in {*true_spans} & {*predicted_spans})

    @property
    def accuracy(self) -> float:
        """The fraction of tokens whose tag is predicted."""
        return self.right / max(1, self.tokens)

    @property
    def span_f1(self) -> float:
        """F1 of all spans: a span counts if its kind and both its ends are predicted."""
        return f1(self.both.total(), self.true.total(), self.predicted.total())

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        return {
            "span_f1": self.span_f1,
            "accuracy": self.accuracy,
            "bits_per_tag": self.loss / math.log(2),
        }

    def rows(self, kinds: Sequence[str]) -> list[list[Cell]]:
        """Kind, spans, precision, recall and F1 of each kind of span."""
        counters = self.true, self.predicted, self.both
        counts = (np.array([counter[kind] for kind in kinds], np.int64) for counter in counters)
        return Counts(*counts).rows(kinds)

    def details(self) -> dict[str, Any]:
        """The spans by kind."""
        kinds = sorted({*self.true, *self.predicted})
        names = ("spans", "precision", "recall", "f1")
        rows = zip(kinds, self.rows(kinds), strict=True)
        return {
            "tokens": self.tokens,
            "kinds": {kind: dict(zip(names, row[1:], strict=True)) for kind, row in rows},
        }

    def tables(self) -> list[Table]:
        """F1 of the spans, the accuracy, and each kind of span, the most frequent first."""
        kinds = [kind for kind, _ in self.true.most_common()]
        kinds += sorted(self.predicted.keys() - self.true.keys())
        right = f"{self.right:,} of {self.tokens:,} tokens right: accuracy {self.accuracy:.2%}"
        return [
            Table(
                ["kind", "spans", "precision", "recall", "F1"],
                self.rows(kinds),
                f"span F1 {self.span_f1:.3f} of {self.true.total():,} spans",
                [right + bits_per("tag", self.scores)],
            )
        ]
