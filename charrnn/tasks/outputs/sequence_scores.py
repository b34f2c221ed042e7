"""How well texts are written: exact matches, and the symbols that differ."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.errors import plural
from charrnn.tables import Table
from charrnn.tasks.outputs.scores import without_bits


def edit_distance(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """The fewest insertions, deletions and replacements that make one the other.

    Levenshtein 1966.
    """
    row = list(range(len(b) + 1))
    for number, one in enumerate(a, 1):
        diagonal, row[0] = row[0], number
        for column, other in enumerate(b, 1):
            changed = diagonal + (one != other)
            diagonal = row[column]
            row[column] = min(changed, row[column] + 1, row[column - 1] + 1)
    return row[-1]


@dataclass
class RewriteScore:
    """The mean loss in nats per symbol; texts, of which some are exact; symbols, and their errors.

    `unit`: what symbols are, characters or words. `unscored`: texts that are not wholly in the
    loss, for a `reason`.
    """

    unit: str = "character"
    reason: str = ""
    loss: float = math.nan
    unscored: int = 0
    texts: int = 0
    exact: int = 0
    symbols: int = 0
    errors: int = 0

    def add(self, true: Sequence[Hashable], written: Sequence[Hashable]) -> None:
        """Count one text."""
        errors = edit_distance(true, written)
        self.texts += 1
        self.exact += not errors
        self.symbols += len(true)
        self.errors += errors

    @property
    def exact_match(self) -> float:
        """The fraction of texts that are written without an error."""
        return self.exact / max(1, self.texts)

    @property
    def error_rate(self) -> float:
        """Errors per symbol of the true texts: it can be above 1."""
        return self.errors / max(1, self.symbols)

    @property
    def scores(self) -> dict[str, float]:
        """What is reported of it while a model is trained."""
        return {
            f"{self.unit}_error_rate": self.error_rate,
            "exact_match": self.exact_match,
            "bits_per_symbol": self.loss / math.log(2),
        }

    def details(self) -> dict[str, Any]:
        """What was counted."""
        names = ("texts", "symbols", "errors", "unscored")
        return {name: getattr(self, name) for name in names}

    def tables(self) -> list[Table]:
        """The exact matches and the errors."""
        errors = f"{plural(self.errors, 'error')} in {plural(self.symbols, self.unit)}"
        exact = f"{self.exact:,} of {plural(self.texts, 'text')} exact; {errors}"
        return [Table(notes=[exact, *without_bits(self.unscored, "text", self.reason)])]
