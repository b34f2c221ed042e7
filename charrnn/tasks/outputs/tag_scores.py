"""How well tags are predicted: accuracy of tokens, F1 of spans."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from charrnn.errors import plural
from charrnn.tables import Table
from charrnn.tasks.outputs.scores import Counts, without_bits
from charrnn.tasks.outputs.spans import Scheme


@dataclass
class TagScore:
    """The mean loss in nats per tag, and counts of tokens and spans: true, predicted, both."""

    scheme: Scheme
    loss: float = 0.0
    unscored: int = 0
    """Texts without a loss."""
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
        return self.counts.micro_f1

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        return {
            "span_f1": self.span_f1,
            "accuracy": self.accuracy,
            "bits_per_tag": self.loss / math.log(2),
        }

    @property
    def kinds(self) -> list[str]:
        """The kinds of spans (K), the most frequent first."""
        return sorted({*self.true, *self.predicted}, key=lambda kind: (-self.true[kind], kind))

    @property
    def counts(self) -> Counts:
        """Spans of each kind: true, predicted, both."""
        counters = self.true, self.predicted, self.both
        return Counts(*(np.array([one[kind] for kind in self.kinds], int) for one in counters))

    def details(self) -> dict[str, Any]:
        """The spans by kind."""
        names = ("spans", "precision", "recall", "f1")
        rows = zip(self.kinds, self.counts.rows(self.kinds), strict=True)
        return {
            "tokens": self.tokens,
            "unscored": self.unscored,
            "kinds": {kind: dict(zip(names, row[1:], strict=True)) for kind, row in rows},
        }

    def tables(self) -> list[Table]:
        """How many tokens are right, and each kind of span."""
        heads = ["kind", "spans", "precision", "recall", "F1"]
        spans, tokens = plural(self.true.total(), "span"), plural(self.tokens, "token")
        title = f"{self.right:,} of {tokens} right, {spans}"
        notes = without_bits(self.unscored, "text", "tags that the model lacks")
        return [Table(heads, self.counts.rows(self.kinds), title, notes)]
