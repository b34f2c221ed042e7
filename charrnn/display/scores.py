"""Scores on stdout: of a text as a whole, and of its lines or characters."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from charrnn.display.console import output_console
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted

if TYPE_CHECKING:
    from charrnn.evaluation.detail import Section, Spot, Symbol


def show_scores(scores: Mapping[str, Any], as_json: bool) -> None:
    """Print the scores of `eval`: one object, or a line each and a table of the baselines."""
    with stop_at_closed_pipe():
        if as_json:
            print(json.dumps(scores), flush=True)
        else:
            _print_scores(scores)


def _print_scores(scores: Mapping[str, Any]) -> None:
    out = output_console(soft_wrap=True)
    baselines = scores.get("baselines", {})
    for name, value in scores.items():
        if name == "baselines":
            continue
        number = f"{value:,}" if isinstance(value, int) else str(value)
        shown = f"{value:.4f}" if isinstance(value, float) else number
        strong = "bold" if name.startswith("bits") else ""
        out.print(Text.assemble((f"{name.replace('_', ' '):<20}", "dim"), (escaped(shown), strong)))
    if baselines:
        out.print()
        rows = {"this model": scores, **baselines}
        figures = ("bits_per_character", "bits_per_byte")
        columns = [Column(name.replace("_", " "), [f"{row[name]:.4f}" for row in rows.values()])
                   for name in figures]  # fmt: skip
        out.print(fitted([Column("", list(rows), left=True), *columns], out.width))


def show_sections(sections: "Iterable[Section]", kind: str) -> None:
    """Print lines or documents, one a row, as they come."""
    head = _section_row(kind, "tokens", "bits", "per character", "perplexity")
    print_rows(head, ((_section_figures(section), section.text) for section in sections))


def _section_figures(section: "Section") -> str:
    per_character, perplexity = section.bits_per_character, section.perplexity
    return _section_row(
        str(section.number),
        f"{section.tokens:,}",
        f"{section.bits:,.1f}",
        "" if per_character is None else f"{per_character:.3f}",
        "" if perplexity is None else f"{perplexity:,.2f}",
    )


def _section_row(number: str, tokens: str, bits: str, per_character: str, perplexity: str) -> str:
    return f"{number:>8}  {tokens:>7}  {bits:>9}  {per_character:>13}  {perplexity:>10}"


def show_symbols(symbols: "Iterable[Symbol]") -> None:
    """Print tokens, one a row, as they come."""
    rows = (
        (f"{symbol.position:>9}  {symbol.bits:>8.3f}", f"[{symbol.text}]") for symbol in symbols
    )
    print_rows(f"{'position':>9}  {'bits':>8}", rows)


def show_spots(spots: "Sequence[Spot]") -> None:
    """Print the most surprising tokens, each between the text before and after it."""
    with stop_at_closed_pipe():
        out = output_console(soft_wrap=True)
        out.print()
        out.print(Text("the most surprising places", "dim"))
        out.print(Text(f"{'position':>9}  {'bits':>8}  text", "dim"))
        for spot in spots:
            figures = f"{spot.position:>9}  {spot.bits:>8.3f}  "
            before, text, after = map(on_one_line, (spot.before, spot.text, spot.after))
            out.print(
                Text.assemble(figures, (before, "dim"), "[", (text, "bold"), "]", (after, "dim"))
            )


def print_rows(head: str, rows: Iterable[tuple[str, str]]) -> None:
    """Print rows as they come: aligned figures, and a text that is shortened to what is left."""
    with stop_at_closed_pipe():
        out = output_console(soft_wrap=True)
        out.print(Text(f"{head}  text", "dim"))
        for figures, text in rows:
            row = Text(f"{figures}  {on_one_line(text[: out.width])}")
            row.truncate(max(out.width, len(figures) + 12), overflow="ellipsis")
            out.print(row)


def on_one_line(text: str) -> str:
    """The text, its controls and line ends escaped."""
    return escaped(text).replace("\n", "\\n").replace("\t", "\\t")
