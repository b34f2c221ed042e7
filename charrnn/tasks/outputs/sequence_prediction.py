"""What is written for an example, and where each of its symbols comes from."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.text.tokenizers import valid_unicode


@dataclass(frozen=True)
class TextPrediction:
    """What is written for a text, or for a picture of that name: the best, and others by beam.

    `given` is that text or name. `symbols` (T) are the characters or words of the best one,
    `attention` (T, S) says how much of each came from which of the `source` (S), the tokens of the
    text. Of a picture `pixels` (height, width) is what was read, and S counts the cells of its
    `grid` of rows and columns, row by row.
    `positions` (T): where each symbol is, if the network says so, and `step_seconds` from one
    position to the next, if these are known.
    """

    given: str
    source: list[str]
    text: str
    log_probability: float
    alternatives: list[tuple[str, float]]
    symbols: list[str]
    attention: NDArray[np.float32]
    grid: tuple[int, int] | None = None
    pixels: NDArray[np.uint8] | None = None
    positions: list[int] | None = None
    step_seconds: float | None = None

    @property
    def line(self) -> str:
        """The text that is written."""
        return self.text

    def record(self) -> dict[str, Any]:
        """It as JSON has it."""
        record: dict[str, Any] = {
            "source": valid_unicode(self.given),
            **_likely(self.text, self.log_probability),
        }
        if self.positions is not None:
            record["symbols"] = [*map(self._placed, self.symbols, self.positions)]
        if self.alternatives:
            record["alternatives"] = [_likely(*one) for one in self.alternatives]
        return record

    def _placed(self, symbol: str, position: int) -> dict[str, Any]:
        """A symbol and where it is, as JSON has them."""
        placed: dict[str, Any] = {"symbol": valid_unicode(symbol), "position": position}
        if self.step_seconds is not None:
            placed["seconds"] = round(position * self.step_seconds, 3)
        return placed


def _likely(text: str, log_probability: float) -> dict[str, Any]:
    return {
        "prediction": valid_unicode(text),
        "probability": math.exp(log_probability),
        "log_probability": log_probability,
    }
