"""Reports on stdout: tables and charts for people, or JSON lines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from charrnn.display.charts import Chart
from charrnn.display.console import output_console
from charrnn.display.stdout import json_line, on_one_line, stop_at_closed_pipe
from charrnn.tables import Cell, Figure, Styled, Table

Side = Literal["left", "right"]
_GAP = 2  # blanks between two columns
_LEAST = 12  # columns for the text of a row that is printed as it comes


@dataclass(frozen=True)
class Report:
    """Records for --json, or tables and charts for people: one of the two is consumed."""

    records: Iterable[Mapping[str, Any]]
    tables: Iterable[Table]
    charts: Iterable[Chart] = ()


def show(report: Report, as_json: bool) -> None:
    """Print a report: JSON objects, one a line, or its tables with empty lines between, and charts.

    Nothing in a report is read as Rich's markup.
    """
    with stop_at_closed_pipe():
        if as_json:
            for record in report.records:
                print(json_line(record), flush=True)
            return
        out = output_console()
        for number, table in enumerate(report.tables):
            if number:
                out.print()
            _print_table(out, table)
        for chart in report.charts:
            out.print(chart)


def _print_table(out: Console, table: Table) -> None:
    if table.title:
        out.print(Text(on_one_line(table.title), "bold"))
    for note in table.notes:
        out.print(Text(on_one_line(note), "dim"))
    if table.widths:
        _print_rows(out, table)
    elif rows := [[_text(cell) for cell in row] for row in table.rows]:
        if table.title and table.heads:
            out.print()
        out.print(_fitted(table, rows, out.width), crop=False)


def _fitted(table: Table, rows: Sequence[Sequence[Text]], width: int) -> Grid:
    """The columns that fit into `width`; only the one that wraps is narrower than its cells."""
    heads = [_head(head) for head in table.heads] or [Text() for _ in rows[0]]
    columns = dict(enumerate(zip(*rows, strict=True)))
    widths = {number: max(cell_len(cell.plain) for cell in (heads[number], *cells))
              for number, cells in columns.items()}  # fmt: skip
    for head in table.optional:
        if sum(widths.values()) + _GAP * (len(widths) - 1) <= width:
            break
        del widths[next(number for number in widths if table.heads[number] == head)]
    grid = Grid(box=None, show_header=bool(table.heads), header_style="dim", pad_edge=False,
                padding=(0, _GAP, 0, 0))  # fmt: skip
    for number, wide in widths.items():
        wraps = number == table.wraps
        grid.add_column(heads[number], justify=_side(columns[number]), overflow="fold",
                        no_wrap=not wraps, min_width=None if wraps else wide)  # fmt: skip
    for row in rows:
        grid.add_row(*(row[number] for number in widths))
    return grid


def _print_rows(out: Console, table: Table) -> None:
    """Rows as they come: cells of fixed widths, and a text that is shortened to what is left."""
    rows = iter(table.rows)
    first = next(rows, None)
    sides = [_side([_text(cell)]) for cell in first or table.heads]
    heads = [_head(head, side) for head, side in zip(table.heads, sides, strict=True)]
    out.print(_row(heads, table.widths), soft_wrap=True)
    for *figures, last in chain([] if first is None else [first], rows):
        shown = last[: out.width] if isinstance(last, str) else last  # a line may be a megabyte
        cells = [*map(_text, figures), _text(shown)]
        row = _row(cells, table.widths)
        least = row.cell_len - cells[-1].cell_len + _LEAST - _GAP
        row.truncate(max(out.width, least), overflow="ellipsis")
        out.print(row, soft_wrap=True)


def _row(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    for cell, width in zip(cells, widths, strict=False):
        missing = max(0, width - cell.cell_len)
        if _side([cell]) == "right":
            cell.pad_left(missing)
        else:
            cell.pad_right(missing)
    return Text(" " * _GAP).join(cells)


def _head(text: str, side: Side | None = None) -> Text:
    return Text(on_one_line(text), "dim", justify=side)


def _side(cells: Iterable[Text]) -> Side:
    """Words are aligned left, numbers and empty cells right."""
    return "left" if any(cell.justify == "left" for cell in cells) else "right"


def _text(cell: Cell) -> Text:
    """A cell on one line, its words as they are: no markup, and controls as escapes."""
    if isinstance(cell, list):
        return Text(justify="left").join(map(_text, cell))
    value, style = cell if isinstance(cell, Styled) else (cell, "")
    if isinstance(value, str):
        side: Side = "right" if isinstance(value, Figure) else "left"
        return Text(on_one_line(value), style, justify=side if value else None)
    if value is None:
        return Text()
    return Text(f"{value:,.3f}" if isinstance(value, float) else f"{value:,}", style)
