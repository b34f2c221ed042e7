"""Columns of examples: which a task asks for, and which of a file's those are."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from charrnn.errors import TextError, UsageError, plural
from charrnn.settings import FormatName, TextSettings
from charrnn.values import column_names

OTHERS = "Files of another form: --format and --columns."
"""The end of hints on what a line is."""
CHOOSE = "Choose with --columns, by name or number."
Line = tuple[int, str]
"""A line's number, and the line without its end."""
Record = tuple[int, Sequence[str]]
"""A line's number, and the columns of an example or of a token; none of a blank line."""


class MalformedError(Exception):
    """A line that is not an example: its number, what is wrong with it, and what to do.

    Without a hint that is what the task says of its lines.
    """

    def __init__(self, line: int, wrong: str, hint: str = "") -> None:
        super().__init__(wrong)
        self.line, self.hint = line, hint


class Layout(NamedTuple):
    """What a task asks of a file: its columns, in this order, and how a plain file has them."""

    names: tuple[str, str]
    """Of the columns, as `--columns` and JSON have them."""
    source: int
    """Which of the two is the input."""
    split: Callable[[str], Sequence[str]]
    """The columns of a line in the task's own format."""
    formats: tuple[FormatName, ...] = ("tsv", "csv", "jsonl")
    """All that the task can be written in, its own first."""
    lists: tuple[str, str] | None = None
    """The names of JSON's lists, where a record is a token, and each line of JSON a sentence."""


class Selection(NamedTuple):
    """Which columns of a file are read: of both, or of the input alone. `notice` tells of it."""

    name: str
    layout: Layout
    settings: TextSettings
    notice: Callable[[str], None]
    inputs_only: bool = False

    def names(self, default: tuple[str, str]) -> list[str]:
        """The columns to read, by name or number. UsageError for one where two are needed."""
        names = column_names(self.settings.columns or ",".join(default))
        if self.inputs_only:
            return [names[self.layout.source]] if len(names) == 2 else names
        if len(names) != 2:
            wanted = " and ".join(self.layout.names)
            raise UsageError(
                f"--columns {self.settings.columns} names one column",
                f"Name two, of {wanted}: --columns {','.join(self.layout.names)}",
            )
        return names


def of_table(rows: Iterable[Record], selection: Selection) -> Iterator[Record]:
    """The columns that are asked for, by their numbers or by the names in the first row."""
    names = selection.names(selection.layout.names)
    indices = [int(name) - 1 for name in names] if all(map(str.isdecimal, names)) else None
    for number, row in rows:
        if not row:
            yield number, ()
            continue
        if indices is None:
            header = {cell.strip(): index for index, cell in enumerate(row)}
            indices = [column_named(header, name, selection.name) for name in names]
            continue
        if len(row) <= max(indices):
            raise MalformedError(number, columns_missing(row, max(indices) + 1), CHOOSE)
        yield number, [row[index] for index in indices]


def columns_missing(row: Sequence[str], wanted: int) -> str:
    """What is wrong with a row that has another number of columns."""
    return f"has {plural(len(row), 'column')}, not {wanted}"


def column_named(columns: Mapping[str, Any], name: str, where: str) -> Any:
    """The column of that name, in upper case or lower case. TextError if there is none."""
    by_name = {key.casefold(): value for key, value in columns.items()} | dict(columns)
    for key in (name, name.casefold()):
        if key in by_name:
            return by_name[key]
    listed = ", ".join([*columns][:20])[:300]
    raise TextError(
        f"{where} has no column {name}", f"It has {listed}. Choose with --columns, by name."
    )
