"""Tables that fit the terminal: columns that matter less are left out where it is narrow."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

_GAP = 2  # blanks between two columns


class Column(NamedTuple):
    """A column: words to the left, figures to the right. The highest `drop` is left out first."""

    head: str
    cells: Sequence[str | Text]
    left: bool = False
    drop: int = 0
    wraps: bool = False


def fitted(columns: Sequence[Column], width: int) -> Table:
    """A table of those columns that fit into `width`; columns with `drop` 0 always stay.

    Where even those do not fit, what `wraps` does; no other cell is cut.
    """
    shown = list(columns)
    while _width(shown) > width and any(column.drop for column in shown):
        shown.remove(max(shown, key=lambda column: column.drop))
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, _GAP, 0, 0))
    for column in shown:
        table.add_column(column.head, justify="left" if column.left else "right",
                         no_wrap=not column.wraps, overflow="fold",
                         min_width=None if column.wraps else _cells_width(column))  # fmt: skip
    for cells in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*cells)
    return table


def _width(columns: Sequence[Column]) -> int:
    return sum(map(_cells_width, columns)) + _GAP * (len(columns) - 1)


def _cells_width(column: Column) -> int:
    return max(cell_len(str(cell)) for cell in (column.head, *column.cells))
