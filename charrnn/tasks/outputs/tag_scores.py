"""How well tags are predicted: accuracy of tokens, F1 of spans."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from charrnn.tables import Cell, Table
from charrnn.tasks.outputs.scores import Counts, bits_per, f1

OUTSIDE = "O"
"""The tag of a token that is in no span."""
_PREFIXED = re.compile(r"([BIMESLU])-(.+)", re.DOTALL)


class Span(NamedTuple):
    """Tokens from `first` to `last`, both included, of one kind."""

    first: int
    last: int
    kind: str


def spans(tags: Sequence[str]) -> list[Span]:
    """The spans that tags (S,) mark, from left to right.

    B-X begins a span and I-X or M-X continues it (E- or L- ends it, S- or U- is one token alone);
    without such prefixes a span is equal tags that follow one another. O is outside.
    """
    marked: list[Span] = []
    before = OUTSIDE
    for index, tag in enumerate(tags):
        if tag != OUTSIDE:
            kind, begins = _kind(tag)
            continues = not begins and _kind(before)[0] == kind and _prefix(before) not in "ESLU"
            if before == OUTSIDE or not continues:
                marked.append(Span(index, index, kind))
            else:
                marked[-1] = marked[-1]._replace(last=index)
        before = tag
    return marked


def _kind(tag: str) -> tuple[str, bool]:
    """(The kind of the span that a tag is in, whether it begins one)."""
    prefix = _prefix(tag)
    return (tag[2:], prefix in "BSU") if prefix != "-" else (tag, False)


def _prefix(tag: str) -> str:
    """Its prefix: one of BIMESLU, or - without one."""
    return tag[0] if _PREFIXED.fullmatch(tag) else "-"


@dataclass
class TagScore:
    """The mean loss in nats per tag, and counts of tokens and spans: true, predicted, both."""

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
        true_spans, predicted_spans = spans(true), spans(predicted)
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
            "bits_per_tag": self.loss / math.log(2),
            "accuracy": self.accuracy,
            "span_f1": self.span_f1,
        }

    def rows(self, kinds: Sequence[str]) -> list[list[Cell]]:
        """Kind, spans, precision, recall and F1 of each kind of span."""
        counters = self.true, self.predicted, self.both
        counts = (np.array([counter[kind] for kind in kinds], np.int64) for counter in counters)
        return Counts(*counts).rows(kinds)

    def details(self, labels: Sequence[str]) -> dict[str, Any]:  # noqa: ARG002  (kinds of spans are)
        """The spans by kind."""
        kinds = sorted({*self.true, *self.predicted})
        names = ("spans", "precision", "recall", "f1")
        rows = zip(kinds, self.rows(kinds), strict=True)
        return {
            "tokens": self.tokens,
            "kinds": {kind: dict(zip(names, row[1:], strict=True)) for kind, row in rows},
        }

    def tables(self, labels: Sequence[str]) -> list[Table]:  # noqa: ARG002  (kinds of spans are)
        """F1 of the spans, the accuracy, and each kind of span, the most frequent first."""
        kinds = [kind for kind, _ in self.true.most_common()]
        kinds += sorted(self.predicted.keys() - self.true.keys())
        right = f"{self.right:,} of {self.tokens:,} tokens right: accuracy {self.accuracy:.1%}"
        return [
            Table(
                ["kind", "spans", "precision", "recall", "F1"],
                self.rows(kinds),
                f"span F1 {self.span_f1:.3f} of {self.true.total():,} spans",
                [right + bits_per("tag", self.scores)],
            )
        ]
