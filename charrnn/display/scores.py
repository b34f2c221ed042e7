"""Scores of a text, and of examples."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from charrnn.display.reports import Report
from charrnn.tables import Cell, Figure, Styled, Table

if TYPE_CHECKING:
    from charrnn.tasks.base import ExampleScore


def score_report(scores: Mapping[str, Any]) -> Report:
    """The scores of a text, a line each, and a table of the baselines."""
    baselines = scores.get("baselines", {})
    rows: list[list[Cell]] = [
        [Styled(name.replace("_", " "), "dim"),
         Styled(_as_words(value), "bold" if name.startswith("bits") else "")]
        for name, value in scores.items() if name != "baselines"
    ]  # fmt: skip
    tables = [Table(rows=rows, wraps=None)]
    if baselines:
        figures = ("bits_per_character", "bits_per_byte")
        compared: list[list[Cell]] = [
            [title, *(Figure(f"{row[name]:.4f}") for name in figures)]
            for title, row in {"this model": scores, **baselines}.items()
        ]
        tables.append(Table(["", *(name.replace("_", " ") for name in figures)], compared))
    return Report([scores], tables)


def _as_words(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def examples_report(
    score: "ExampleScore", labels: Sequence[str], about: Mapping[str, Any]
) -> Report:
    """The scores of predictions for examples with these labels. `about`: the run and its text."""
    scores = {"loss": score.loss, **score.scores}
    finite = {name: value if math.isfinite(value) else None for name, value in scores.items()}
    return Report([{**about, **finite, **score.details(labels)}], score.tables(labels))
