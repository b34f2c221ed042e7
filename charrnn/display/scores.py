"""Scores of a text, of its lines or characters, and of examples."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from charrnn.display.reports import Report
from charrnn.tables import Cell, Figure, Styled, Table

if TYPE_CHECKING:
    from charrnn.evaluation.detail import Per, Section, Spot, Symbol
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


def sections_report(sections: "Iterable[Section]", per: "Per", spots: "Iterable[Spot]") -> Report:
    """Lines or documents, one a row, as they come; then the most surprising tokens."""
    heads = [per, "tokens", "bits", "per character", "perplexity", "text"]
    rows = Table(heads, map(_section, sections), widths=(8, 7, 9, 13, 10))
    return Report(map(asdict, sections), [rows, _surprising(spots)])


def _section(section: "Section") -> list[Cell]:
    perplexity = None if section.perplexity is None else Figure(f"{section.perplexity:,.2f}")
    bits = Figure(f"{section.bits:,.1f}")
    return [Figure(section.number), section.tokens, bits, section.bits_per_character, perplexity,
            section.text]  # fmt: skip


def symbols_report(symbols: "Iterable[Symbol]", spots: "Iterable[Spot]") -> Report:
    """Tokens, one a row, as they come; then the most surprising of them."""
    rows: Iterator[list[Cell]] = (
        [Figure(one.position), one.bits, f"[{one.text}]"] for one in symbols
    )
    table = Table(["position", "bits", "text"], rows, widths=(9, 8))
    return Report(map(asdict, symbols), [table, _surprising(spots)])


def _surprising(spots: "Iterable[Spot]") -> Table:
    """Each token between the text before and after it."""
    rows: list[list[Cell]] = []
    for spot in spots:
        token = [Styled("[", ""), Styled(spot.text, "bold"), Styled("]", "")]
        text = [Styled(spot.before, "dim"), *token, Styled(spot.after, "dim")]
        rows.append([Figure(spot.position), spot.bits, text])
    heads, notes = ["position", "bits", "text"], ["the most surprising tokens"]
    return Table(heads, rows, notes=notes, wraps=None)
