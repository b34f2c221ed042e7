"""What is predicted of a text whose tokens have tags."""

from dataclasses import dataclass
from typing import Any

from charrnn.tasks.outputs.spans import Scheme
from charrnn.text.tokenizers import valid_unicode


@dataclass(frozen=True)
class TagPrediction:
    """The tokens (N) of a text, or of what has that name, and the tag of each.

    With the probability of all of these tags. `between` stands between them in a line.
    """

    given: str

    tokens: list[str]
    tags: list[str]
    probability: float
    scheme: Scheme
    between: str = " "

    @property
    def line(self) -> str:
        """The tags, as lines of examples have them."""
        return self.between.join(self.tags)

    def bracketed(self, most: int) -> str:
        """The first tokens with their spans in brackets: leave [Taipei origin] today."""
        parts = self.tokens[:most]
        for span in self.scheme.spans(self.tags[:most]):
            parts[span.first] = f"[{parts[span.first]}"
            parts[span.last] += f" {span.kind}]"
        return self.between.join(parts)

    def record(self) -> dict[str, Any]:
        """It as JSON has it; the ends of spans count tokens from 0, the last one included."""
        spans_record = [
            {"kind": valid_unicode(span.kind), "first": span.first, "last": span.last}
            for span in self.scheme.spans(self.tags)
        ]
        tokens, tags = ([*map(valid_unicode, texts)] for texts in (self.tokens, self.tags))
        return {
            "source": valid_unicode(self.given), "prediction": self.between.join(tags),
            "probability": self.probability,
            "tokens": tokens, "tags": tags, "spans": spans_record,
        }  # fmt: skip
