"""Series of numbers in tables: a column of CSV becomes a text with a number a line.

The separator is a comma, a semicolon, a tab, or spaces; a first row without a number is the head.
A file without separators is one column.
"""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from charrnn.errors import TextError, suggest
from charrnn.settings import TextSettings
from charrnn.text.decoding import numbered_lines
from charrnn.text.tokenizers import END
from charrnn.text.tokenizers.number import parsed

_SEPARATORS = ";\t,"
_HINT = "A row of a table, or a number, stands on each line."
_MOST_SERIES = 1 << 20


@dataclass(frozen=True)
class _Columns:
    """Where the numbers of a table stand, and the names of their series: indices from 0."""

    separator: str | None
    number: int
    series: int | None


def numbers(pieces: Iterable[str], name: str, settings: TextSettings) -> Iterator[str]:
    """The numbers of a table, a line each, nan where one is missing, and END after each series.

    TextError names the line that has none.
    """
    columns: _Columns | None = None
    series: str | None = None
    seen = set[str]()
    for lines in numbered_lines(pieces, name, _HINT):
        taken = []
        for number, line in lines:
            if not line.strip():
                continue
            if columns is None:
                columns, is_head = _columns(line, name, settings)
                if is_head:
                    continue
            row = _row(line, columns.separator)
            if columns.series is not None and (label := _cell(row, columns.series)) != series:
                if label in seen:
                    raise TextError(
                        f"{name}, line {number}: the series {label!r:.60} goes on after another",
                        "Sort the table, so that the rows of a series stand together.",
                    )
                if len(seen) == _MOST_SERIES:
                    raise TextError(
                        f"{name} has more than a million series", "Learn from some of them."
                    )
                taken += [END] * bool(seen)
                series = label
                seen.add(label)
            taken.append(f"{_checked(_cell(row, columns.number), name, number)}\n")
        yield "".join(taken)
    yield END * bool(seen)


def _columns(line: str, name: str, settings: TextSettings) -> tuple[_Columns, bool]:
    """Where the numbers stand, by a table's first line, and whether that is its head."""
    separator = next((mark for mark in _SEPARATORS if mark in line), None)
    row = _row(line, separator)
    is_head = not any(map(_is_number, row))
    column, series = (
        None if asked is None else _index(asked, row, is_head, name)
        for asked in (settings.column, settings.series)
    )
    if column is None:
        rest = [index for index in range(len(row)) if index != series]
        numeric = rest if is_head else [index for index in rest if _is_number(row[index])]
        if is_head and len(rest) == 2:  # a date, or the like, and the numbers
            numeric = rest[1:]
        if len(numeric) != 1:
            listed = ", ".join(row)[:200]
            raise TextError(
                f"{name} has several columns: {listed}",
                "Say which has the numbers: --column NAME, or its number from 1.",
            )
        column = numeric[0]
    return _Columns(separator, column, series), is_head


def _row(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return re.split(r"\s+", line.strip())
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]


def _index(asked: str, head: Sequence[str], is_head: bool, name: str) -> int:
    """The index of a column by its name, or by its number from 1."""
    if is_head and asked in head:
        return head.index(asked)
    if asked.isdecimal() and 1 <= int(asked) <= len(head):
        return int(asked) - 1
    known = f"Its columns: {', '.join(head)[:200]}." if is_head else f"It has {len(head)}."
    raise TextError(
        f"{name} has no column {asked!r:.60}", f"{suggest(asked, head)} {known}".strip()
    )


def _cell(row: Sequence[str], index: int) -> str:
    return row[index] if index < len(row) else ""


def _is_number(cell: str) -> bool:
    try:
        return not math.isnan(parsed(cell))
    except ValueError:
        return False


def _checked(cell: str, name: str, line: int) -> str:
    """The cell, or nan. TextError if it is not a number."""
    try:
        return "nan" if math.isnan(parsed(cell)) else cell
    except ValueError as error:
        raise TextError(
            f"{name}, line {line}: {error}",
            "A missing number may be an empty cell, NA or nan. --column names another column.",
        ) from None
