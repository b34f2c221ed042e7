"""What scores share: precision, recall and F1 by class, and what has no bits."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import plural
from charrnn.tables import Cell
from charrnn.text.tokenizers import valid_unicode


class Counts(NamedTuple):
    """How often each of K classes is true, is predicted, and is both."""

    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    both: NDArray[np.int64]

    @property
    def precision(self) -> NDArray[np.float64]:
        """The fraction (K,) of predictions that are true."""
        return np.asarray(self.both / np.maximum(self.predicted, 1), np.float64)

    @property
    def recall(self) -> NDArray[np.float64]:
        """The fraction (K,) of what is true that is predicted."""
        return np.asarray(self.both / np.maximum(self.true, 1), np.float64)

    @property
    def f1(self) -> NDArray[np.float64]:
        """The harmonic mean (K,) of precision and recall; 0 where neither is."""
        return np.asarray(2 * self.both / np.maximum(self.true + self.predicted, 1), np.float64)

    @property
    def occur(self) -> NDArray[np.bool_]:
        """Which classes (K,) are true or predicted somewhere."""
        return self.true + self.predicted > 0

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the classes that occur: a rare one counts as much as a frequent one."""
        return float(self.f1[self.occur].mean()) if self.occur.any() else 0.0

    @property
    def micro_f1(self) -> float:
        """F1 of all classes together; 0 where none occurs."""
        both, occurrences = int(self.both.sum()), int((self.true + self.predicted).sum())
        return 2 * both / max(1, occurrences)

    def rows(self, names: Sequence[str]) -> list[list[Cell]]:
        """Name, how often it is true, precision, recall and F1 of each class."""
        figures = (self.true, self.precision, self.recall, self.f1)
        columns = (values.tolist() for values in figures)
        return [list(row) for row in zip(map(valid_unicode, names), *columns, strict=True)]


def without_bits(count: int, noun: str, why: str) -> list[str]:
    """A sentence on examples that the bits leave out: none, if there are none."""
    return [f"not in the bits: {plural(count, noun)} with {why}"] if count else []
