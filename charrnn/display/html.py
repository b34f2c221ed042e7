"""Reports and texts as HTML for a notebook, which is light or dark and may not tell which.

So letters keep the colour of the page, and backgrounds let it through. There is no script, nothing
is loaded, and what stands in a text or a name is shown, never read as markup.
"""

import html
from collections.abc import Iterable, Mapping

from charrnn.display.console import BLUE, FAINT, RED, STRONG
from charrnn.display.reports import Report, cell_text, side_of
from charrnn.display.stdout import escaped, on_one_line
from charrnn.display.svg import PALETTE, svg_of
from charrnn.tables import Cell, Key, Styled, Table

FAINTLY = "opacity:.7"
_CELL = "padding:.15em .8em .15em 0;border:0;vertical-align:top"
_TEXT = "white-space:pre-wrap;overflow-wrap:anywhere;font-family:monospace;unicode-bidi:isolate"


def shown(text: str) -> str:
    """The text as markup that shows it, its controls as escapes."""
    return html.escape(escaped(text).encode("utf-8", "replace").decode())


def element(style: str, content: str, name: str = "div") -> str:
    """An element with a style. The content is markup."""
    return f'<{name} style="{style}">{content}</{name}>'


def html_of_text(text: str) -> str:
    """A text in its lines."""
    return element(_TEXT, shown(text))


def html_of_shades(texts: Iterable[str], shades: Iterable[float], hints: Iterable[str]) -> str:
    """Texts one after the other on backgrounds of their shades, -1 to 1. Each has a hint."""
    parts = []
    for text, shade, hint in zip(texts, shades, hints, strict=True):
        strength = round(min(1.0, abs(shade)), 2)
        if strength < FAINT:
            parts.append(shown(text))
            continue
        colour = "rgba({},{},{},{})".format(*(RED if shade > 0 else BLUE), strength)
        letters = ";color:#fff" if strength > STRONG else ""
        piece = shown(text).replace("\n", "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}\n")
        parts.append(
            f'<span style="background:{colour}{letters}" title="{shown(hint)}">{piece}</span>'
        )
    return element(_TEXT, "".join(parts))


def html_of(report: Report, *, folded: bool = False) -> str:
    """The tables and charts of a report. `folded`: rows are below, and seen when asked for."""
    charts = list(report.charts)
    numbers = {line.mark: line.number for chart in charts for line in chart.lines}
    heads, rows = [], []
    for table in report.tables:
        title = element("font-weight:600", shown(on_one_line(table.title))) if table.title else ""
        notes = (element(FAINTLY, shown(on_one_line(note))) for note in table.notes)
        heads.append(title + "".join(notes))
        rows.append(_rows(table, numbers))
    if folded:
        unseen = f"<details><summary>settings</summary>{''.join(rows)}</details>"
        heads.append(unseen * any(rows))
    else:
        heads = [part for pair in zip(heads, rows, strict=True) for part in pair]
    chart = element("margin-top:.5em", svg_of(charts)) if charts else ""
    return element("overflow-x:auto", "".join(heads) + chart)


def _rows(table: Table, numbers: Mapping[str, int]) -> str:
    rows = [list(row) for row in table.rows]
    if not rows:
        return ""
    sides = [side_of(map(cell_text, column)) for column in zip(*rows, strict=True)]
    lines = [[_cell(cell, numbers) for cell in row] for row in rows]
    if table.heads:
        heads = [element(FAINTLY, shown(on_one_line(head)), "span") for head in table.heads]
        lines = [heads, *lines]
    styles = [
        f"{_CELL};text-align:{side};white-space:{'pre-wrap' if n == table.wraps else 'pre'}"
        for n, side in enumerate(sides)
    ]
    drawn = (
        "".join(element(*cell, "td") for cell in zip(styles, line, strict=True)) for line in lines
    )
    body = "".join(f"<tr>{line}</tr>" for line in drawn)
    return element("font:inherit;border-collapse:collapse;margin:.4em 0", body, "table")


def _cell(cell: Cell, numbers: Mapping[str, int]) -> str:
    if isinstance(cell, list):
        return "".join(_cell(part, numbers) for part in cell)
    text = cell_text(cell).plain
    if isinstance(cell, Key):
        mark, _, name = text.partition(" ")
        colour = PALETTE[numbers[mark] % len(PALETTE)] if mark in numbers else ""
        dot = element(f"color:{colour}", "\N{BLACK CIRCLE}", "span") if colour else ""
        return f"{dot} {shown(name)}".strip()
    styles = {"bold": "font-weight:600", "dim": FAINTLY}
    known = styles.get(cell.style, "") if isinstance(cell, Styled) else ""
    return element(known, shown(text), "span") if known else shown(text)
