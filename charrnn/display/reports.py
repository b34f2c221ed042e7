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
_LEAST = 12  # columns for a text that is folded, or for one of a row that is printed as it comes


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
        out = output_console(endless=True)
        for number, table in enumerate(report.tables):
            if number:
                out.print()
            _print_table(out, table)
        for chart in report.charts:
            output_console().print(chart)


def _print_table(out: Console, table: Table) -> None:
    if table.title:
        out.print(Text(on_one_line(table.title), "bold"))
    for note in table.notes:
        out.print(Text(on_one_line(note), "dim"))
    if table.widths:
        _print_rows(out, table)
    elif rows := [[cell_text(cell) for cell in row] for row in table.rows]:
        if table.title and table.heads:
            out.print()
        heads = [_head(head) for head in table.heads] or [Text() for _ in rows[0]]
        columns = list(zip(*rows, strict=True))
        widths = [max(cell_len(cell.plain) for cell in (head, *column))
                  for head, column in zip(heads, columns, strict=True)]  # fmt: skip
        shown = _fitting(table, widths, out.width)
        out.print(_grid(table, heads, columns, {number: widths[number] for number in shown}),
                  crop=False)  # fmt: skip
        if left_out := [head for n, head in enumerate(table.heads) if n not in shown]:
            out.print(Text(f"Not enough columns for: {on_one_line(', '.join(left_out))}", "dim"))


def _fitting(table: Table, widths: Sequence[int], width: int) -> list[int]:
    """The numbers of the columns that fit into `width`, where the one that wraps may be folded.

    Of the others the optional ones go first, then those from the left. The first and the last stay.
    """
    numbers, least = list(range(len(widths))), list(widths)
    names = dict.fromkeys(table.optional)  # some columns may have the same
    optional = [n for name in names for n in numbers if table.heads[n] == name]
    others = [n for n in numbers[1:-1] if n not in (*optional, table.wraps)]

    def is_too_wide() -> bool:
        return sum(least[n] for n in numbers) + _GAP * (len(numbers) - 1) > width

    while optional and is_too_wide():
        numbers.remove(optional.pop(0))
    if table.wraps is not None:
        least[table.wraps] = min(least[table.wraps], _LEAST)
        while others and is_too_wide():
            numbers.remove(others.pop(0))
    return numbers


def _grid(
    table: Table,
    heads: Sequence[Text],
    columns: Sequence[Sequence[Text]],
    widths: Mapping[int, int],
) -> Grid:
    """These columns of a table; only the one that wraps may be narrower than its cells."""
    grid = Grid(box=None, show_header=bool(table.heads), header_style="dim", pad_edge=False,
                padding=(0, _GAP, 0, 0))  # fmt: skip
    for number, wide in widths.items():
        wraps = number == table.wraps
        grid.add_column(heads[number], justify=side_of(columns[number]), overflow="fold",
                        no_wrap=not wraps, min_width=None if wraps else wide)  # fmt: skip
    for row in zip(*(columns[number] for number in widths), strict=True):
        grid.add_row(*row)
    return grid


def _print_rows(out: Console, table: Table) -> None:
    """Rows as they come: cells of fixed widths, and a text that is shortened to what is left."""
    rows = iter(table.rows)
    first = next(rows, None)
    sides = [side_of([cell_text(cell)]) for cell in first or table.heads]
    heads = [_head(head, side) for head, side in zip(table.heads, sides, strict=True)]
    out.print(_row(heads, table.widths), soft_wrap=True)
    for *figures, last in chain([] if first is None else [first], rows):
        shown = last[: out.width] if isinstance(last, str) else last  # a line may be a megabyte
        cells = [*map(cell_text, figures), cell_text(shown)]
        row = _row(cells, table.widths)
        least = row.cell_len - cells[-1].cell_len + _LEAST - _GAP
        row.truncate(max(out.width, least), overflow="ellipsis")
        out.print(row, soft_wrap=True)


def _row(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    for cell, width in zip(cells, widths, strict=False):
        missing = max(0, width - cell.cell_len)
        if side_of([cell]) == "right":
            cell.pad_left(missing)
        else:
            cell.pad_right(missing)
    return Text(" " * _GAP).join(cells)


def _head(text: str, side: Side | None = None) -> Text:
    return Text(on_one_line(text), "dim", justify=side)


def side_of(cells: Iterable[Text]) -> Side:
    """Words are aligned left, numbers and empty cells right."""
    return "left" if any(cell.justify == "left" for cell in cells) else "right"


def cell_text(cell: Cell) -> Text:
    """A cell on one line, its words as they are: no markup, and controls as escapes."""
    if isinstance(cell, list):
        return Text(justify="left").join(map(cell_text, cell))
    value, style = cell if isinstance(cell, Styled) else (cell, "")
    if isinstance(value, str):
        side: Side = "right" if isinstance(value, Figure) else "left"
        return Text(on_one_line(value), style, justify=side if value else None)
    if value is None:
        return Text()
    return Text(f"{value:,.3f}" if isinstance(value, float) else f"{value:,}", style)
