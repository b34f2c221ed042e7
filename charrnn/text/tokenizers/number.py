"""One token is a number of a series, rounded to one of many bins. A text has a number a line.

What is rounded is the number, or how far it is from the one before, from the one a season before or
from both (`number_scale`): a network cannot extrapolate a trend, but it learns what follows from
such differences. Each is taken from the numbers as they were rounded, so that errors do not add up:
every number comes back within the width of its bin.

Missing numbers are MISSING, token 0. So are the first ones of a series, with nothing before them to
compare with: `values` must be told them, else it takes those that training began with.
"""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.events import Unit
from charrnn.settings import TextSettings, TokenizerName
from charrnn.text.tokenizers.base import END, Decoder, Ids, Tokenizer, read_flag, smallest_type
from charrnn.text.tokenizers.number_scale import (
    Bins,
    Scale,
    Values,
    best_scale,
    filled,
    known,
    learn_bins,
)
from charrnn.values import number

MISSING = 0
_LARGEST = 1e100  # so that differences and squares are finite
_LONGEST = 1 << 22  # numbers in a corpus: all are in memory while bins are learned
_ABSENT = frozenset(["", "na", "n/a", "nan", "null", "none", "?", "-", "."])


def parsed(cell: str) -> float:
    """The number that a cell of a table has; NaN where it is missing. Raises ValueError."""
    if cell.strip().lower() in _ABSENT:
        return math.nan
    value = number(cell.strip())
    if not abs(value) <= _LARGEST:
        raise ValueError(f"{cell!r:.40} is too large: numbers go up to {_LARGEST:g}")
    return value


def series_of(text: str) -> list[Values]:
    """The numbers of each series of a text, with END between them. TextError for other lines."""
    try:
        return [
            np.array([parsed(line) for line in part.split("\n") if line.strip()])
            for part in text.split(END)
        ]
    except ValueError as error:
        raise TextError(
            f"the text is not a number a line: {error}",
            "A line may be nan, for a number that is missing.",
        ) from None


class Numbers(Tokenizer):
    """The vocabulary is MISSING, the bins, and END where there are several series."""

    kind: ClassVar[TokenizerName] = "number"
    unit: ClassVar[Unit] = "number"
    of_training: ClassVar[bool] = True
    whole: ClassVar[bool] = True

    def __init__(self, bins: Bins, scale: Scale, documents: bool) -> None:
        """`documents`: whether it has END, as its last token."""
        symbols = [f"{centre:.17g}" for centre in bins.centres]
        super().__init__(["nan", *symbols, *[END] * documents])
        self.bins, self.scale = bins, scale
        self.ordered = slice(MISSING + 1, MISSING + 1 + len(bins.centres))
        self._edges, self._centres = bins.edges[1:-1].tolist(), [0.0, *bins.centres.tolist()]

    @property
    def lengths(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """A number counts as one character and as one byte, however it is written."""
        ones: NDArray[np.int64] = np.ones(self.size, np.int64)
        return ones, ones

    @classmethod
    def learn(cls, text: Iterable[str], settings: TextSettings) -> Self:
        """From the training part alone: what is tested must not have shaped the bins.

        TextError if it has not two different numbers, or if there are too many.
        """
        documents = settings.document_per is not None or settings.series is not None
        series = [values for values in series_of("".join(_bounded(text))) if len(values)]
        train = _training_part(series, documents, settings.fractions[0])
        if len(np.unique(known(train))) < 2:
            raise TextError(
                "there are no two different numbers to learn from",
                "Choose another --column, or give training more with --split.",
            )
        scale = best_scale(train, settings)
        if not (rest := scale.all_differences(train)).size:
            raise TextError(
                f"no series is longer than the {scale.lag} numbers that must come before one",
                "Use longer series, a shorter --season, or --difference none.",
            )
        return cls(learn_bins(rest, settings.bins), scale, documents)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        bins, scale = Bins.from_json(data.get("bins")), Scale.from_json(data.get("scale"))
        return cls(bins, scale, read_flag(data, "documents"))

    def to_json(self) -> dict[str, Any]:
        documents = {} if self.end is None else {"documents": True}
        return {"bins": self.bins.to_json(), "scale": asdict(self.scale), **documents}

    def encode(self, text: str) -> Ids:
        if self.end is None and END in text:
            raise TextError(
                "these are several series, and the model has learned from one",
                "Name one of them, or train on several: --series, or --document-per file.",
            )
        end = np.array([self.end or 0], smallest_type(self.size))
        pieces = [piece for values in series_of(text) for piece in (self.ids(values), end)]
        return np.concatenate(pieces[:-1])

    def ids(self, values: Values) -> Ids:
        """The tokens (N,) of the numbers (N,) of one series."""
        scaled = self.scale.scaled(values)
        history = filled(scaled)[: self.scale.lag].tolist()
        tokens = [MISSING] * len(history)
        for value in scaled[len(history) :].tolist():
            expected = self.scale.expected(history)
            token = 1 + bisect_right(self._edges, value - expected)
            tokens.append(MISSING if math.isnan(value) else token)
            history.append(expected + self._centres[tokens[-1]])
        return np.array(tokens, smallest_type(self.size))

    def scaled(self, ids: Ids, first: Values | None = None) -> Values:
        """What the tokens (N,) of one series stand for, scaled (N,); what is expected for MISSING.

        `first`: the numbers that it begins with. Without, it begins as training did.
        """
        history = self._beginning(first)[: len(ids)]
        for token in ids[len(history) :].tolist():
            history.append(self.scale.expected(history) + self._centres[token])
        return np.array(history)

    def _beginning(self, first: Values | None) -> list[float]:
        """The scaled numbers (lag,) that a series begins with, as far as they are known."""
        known: list[float] = []
        if first is not None:
            known = filled(self.scale.scaled(first))[: self.scale.lag].tolist()
        return [*known, *self.scale.start[len(known) :]]

    def decoder(self, after: str = "") -> Decoder:
        scale, before = self.scale, series_of(after)[-1]
        history = deque(self.scaled(self.ids(before), before), maxlen=max(1, scale.lag))
        upcoming = self._beginning(before)[len(history) :]
        line_end = ["\n"] * (after[-1:] not in ("", "\n", END))  # that the text before lacks

        def decode(token: int) -> str:
            return (line_end.pop() if line_end else "") + line(token)

        def line(token: int) -> str:
            if token == self.end:
                upcoming[:] = scale.start
                history.clear()
                return END
            if upcoming:  # nothing to compare with yet
                history.append(upcoming.pop(0))
            elif token == MISSING:
                history.append(scale.expected(history))
                return "nan\n"
            else:
                history.append(scale.expected(history) + self._centres[token])
            return scale.text(float(scale.unscaled(history[-1]))) + "\n"

        return decode

    def cut(self, text: str) -> int:
        """Behind the last series, or the last line where no number depends on others."""
        line = 0 if self.scale.lag else text.rfind("\n")
        return max(line, text.rfind(END)) + 1 if line or END in text else 0

    def unknown(self, text: str) -> str:
        """Nothing is replaced in a number: `encode` says what is wrong. A line end is no token."""
        if self.end is None and END in text:
            return END
        return "\n" if text == "\n" else ""


def _bounded(text: Iterable[str]) -> Iterator[str]:
    lines = 0
    for piece in text:
        lines += piece.count("\n")
        if lines > _LONGEST:
            raise TextError(
                f"there are more than {_LONGEST >> 20} million numbers",
                "Learn from a part of them, or from means of several.",
            )
        yield piece


def _training_part(series: Sequence[Values], documents: bool, fraction: float) -> list[Values]:
    """What `Corpus.part` gives training: the beginning, or series that it does not cut."""
    if not documents:
        return [values[: round(fraction * len(values))] for values in series]
    ends = np.cumsum([len(values) + 1 for values in series])
    return [*series[: 1 + int(np.searchsorted(ends, round(fraction * ends.max(initial=0))))]]
