"""The table of a score by line, document or character, and the most surprising tokens."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from charrnn.display.reports import Report
from charrnn.tables import Cell, Figure, Styled, Table
from charrnn.text.corpus import Tokens
from charrnn.text.tokenizers import Tokenizer

if TYPE_CHECKING:
    from charrnn.evaluation.scoring import Losses  # which loads torch
    from charrnn.extras.detail.detail import Per, Section, Spot


def detail_report(
    per: "Per", tokens: Tokens, tokenizer: Tokenizer, score: "Callable[[], Losses]"
) -> Report:
    """Lines, documents or tokens (N,), one a row, as they come; then the most surprising tokens.

    `score` gives their losses (N - 1,) in nats. UsageError for documents that the tokenizer does
    not have.
    """
    from charrnn.extras.detail.detail import check_per, sections, surprising_spots, symbols

    check_per(per, tokenizer)
    scored = score(), tokens, tokenizer
    surprising = _surprising(surprising_spots(*scored))
    if per == "character":
        parts = symbols(*scored)
        rows: Iterator[list[Cell]] = (
            [Figure(one.position), one.bits, f"[{one.text}]"] for one in parts
        )
        table = Table(["position", "bits", "text"], rows, widths=(9, 8))
        return Report(map(asdict, parts), [table, surprising])
    lines = sections(*scored, per)
    heads = [per, "tokens", "bits", "per character", "perplexity", "text"]
    table = Table(heads, map(_section, lines), widths=(8, 7, 9, 13, 10))
    return Report(map(asdict, lines), [table, surprising])


def _section(section: "Section") -> list[Cell]:
    perplexity = None if section.perplexity is None else Figure(f"{section.perplexity:,.2f}")
    bits = Figure(f"{section.bits:,.1f}")
    return [Figure(section.number), section.tokens, bits, section.bits_per_character, perplexity,
            section.text]  # fmt: skip


def _surprising(spots: "list[Spot]") -> Table:
    """Each token between the text before and after it."""
    rows: list[list[Cell]] = []
    for spot in spots:
        token = [Styled("[", ""), Styled(spot.text, "bold"), Styled("]", "")]
        text = [Styled(spot.before, "dim"), *token, Styled(spot.after, "dim")]
        rows.append([Figure(spot.position), spot.bits, text])
    heads, notes = ["position", "bits", "text"], ["the most surprising tokens"]
    return Table(heads, rows, notes=notes, wraps=None)
