"""Readers of examples, one for each format: lines become records of the columns asked for."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from charrnn.errors import TextError
from charrnn.settings import FormatName
from charrnn.text.example_columns import (
    CHOOSE,
    Line,
    MalformedError,
    Record,
    Selection,
    column_named,
    columns_missing,
    of_table,
)

LOOKED_AT = 20
"""Lines at the beginning of a file that show how it is written."""
QUOTED = re.compile(r'(?<![^,;\t\n])"[^"]*(?:""[^"]*)*("|$)')
"""A part of a row of CSV within quotes."""
_CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_DELIMITERS = ",;\t"
_LONGEST_FIELD = 1 << 26  # characters
_OBJECT = "Each line of JSON lines is an object that has its texts under names."
_FASTTEXT = re.compile(r"(?<!\S)__label__(\S+)\s?")


def _is_text(line: Line) -> bool:
    return bool(line[1].strip())


def tsv_cells(line: str) -> list[str]:
    """The columns of a line, which tabs divide."""
    return line.split("\t")


def conll_cells(line: str) -> list[str]:
    """The columns of a line of CoNLL, which tabs divide, or else spaces."""
    line = line.rstrip()
    if "\t" in line:
        return [cell.strip(" ") for cell in tsv_cells(line)]
    return [cell for cell in line.split(" ") if cell]


def line_records(
    cells: Callable[[str], list[str]], lines: Iterator[Line], selection: Selection
) -> Iterator[Record]:
    """Lines as the task divides them, or the columns of a table of these cells."""
    chosen = selection.settings.columns
    split = cells if chosen else selection.layout.split
    rows = ((number, split(line) if line.strip() else ()) for number, line in lines)
    return of_table(rows, selection) if chosen else _own_rows(rows, selection)


def conllu_records(lines: Iterator[Line], selection: Selection) -> Iterator[Record]:
    """Words, without comments, without the ranges 1-2 of what was written together, without 1.1."""
    numbers = {str(place): name for place, name in enumerate(_CONLLU, 1)}
    names = [numbers.get(name, name) for name in selection.names(("form", "upos"))]
    for number, line in lines:
        cells = line.split("\t")
        if not line.strip():
            yield number, ()
        elif line.startswith("#"):
            continue
        elif not is_conllu(cells):
            hint = (
                "Words of CoNLL-U have ten columns, with tabs between, of which the first is an id."
            )
            raise MalformedError(number, f"has {len(cells)} columns", hint)
        elif cells[0].isdigit():
            cells[1] = cells[1].replace(" ", "\N{NO-BREAK SPACE}")  # which stands in words only
            by_name = dict(zip(_CONLLU, cells, strict=True))
            yield number, [column_named(by_name, name, selection.name) for name in names]


def csv_records(lines: Iterator[Line], selection: Selection) -> Iterator[Record]:
    """Rows of Python's csv, which may go over several lines; the first may be a header."""
    head = [*islice(lines, LOOKED_AT)]
    rows = _csv_rows(chain(head, lines), _delimiter([line for _, line in filter(_is_text, head)]))
    if selection.settings.columns:
        yield from of_table(rows, selection)
        return
    first = next((row for row in rows if row[1]), (1, []))
    names = selection.names(selection.layout.names)
    if {*names} <= {cell.strip().casefold() for cell in first[1]}:
        selection.notice(f"{selection.name} begins with a header: {', '.join(first[1])}.")
        yield from of_table(chain([first], rows), selection)
    elif len(first[1]) > len(selection.layout.names):
        wanted = ",".join(selection.layout.names).upper()
        raise TextError(
            f"{selection.name} has {len(first[1])} columns: {', '.join(first[1])[:200]}",
            f"Choose two of them, by name or number: --columns {wanted}",
        )
    else:
        least = 1 if selection.inputs_only else len(selection.layout.names)
        yield from _own_rows(chain([first], rows), selection, least)


def _own_rows(rows: Iterable[Record], selection: Selection, least: int = 1) -> Iterator[Record]:
    """Rows of the task's two columns, or of the input alone where that is asked for."""
    most, source = len(selection.layout.names), selection.layout.source
    for number, row in rows:
        if row and not least <= len(row) <= most:
            raise MalformedError(number, columns_missing(row, most), CHOOSE)
        if selection.inputs_only and row:
            yield number, [row[source if len(row) > 1 else 0]]
        else:
            yield number, row


def _csv_rows(lines: Iterable[Line], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line where each begins. MalformedError."""
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader((f"{line}\n" for _, line in lines), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            hint = "A field that begins with a quote ends with one; a quote within is doubled."
            raise MalformedError(number, f"is not CSV: {error}", hint) from None
        yield number, row if any(map(str.strip, row)) else []


def fasttext_records(lines: Iterator[Line], selection: Selection) -> Iterator[Record]:
    """Lines that name their labels: __label__x a text."""
    for number, line in filter(_is_text, lines):
        labels = _FASTTEXT.findall(line)
        if len(labels) > 1 and not (selection.settings.multi_label or selection.inputs_only):
            raise MalformedError(number, "has several labels", "Add --multi-label.")
        columns = [",".join(labels), _FASTTEXT.sub("", line).strip()]
        yield number, columns[1:] if selection.inputs_only else columns


def json_records(lines: Iterator[Line], selection: Selection) -> Iterator[Record]:
    """Objects that have the columns by name; of tokens, in two lists of the same length."""
    lists = selection.layout.lists
    names = selection.names(lists or selection.layout.names)
    for number, line in filter(_is_text, lines):
        values = [_json_value(number, line, name, selection.name) for name in names]
        if not lists:
            yield number, [_plain(number, value) for value in values]
            continue
        split = [value.split() if isinstance(value, str) else value for value in values]
        if not all(isinstance(value, list) for value in split) or len({*map(len, split)}) > 1:
            raise MalformedError(number, f"has no lists of one length: {' and '.join(names)}")
        for cells in zip(*split, strict=True):
            yield number, [_plain(number, cell) for cell in cells]
        yield number, ()


def _json_value(number: int, line: str, name: str, file: str) -> Any:
    """The value of that name in a line of JSON. MalformedError or TextError if there is none."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MalformedError(number, f"is not JSON: {error}", _OBJECT) from None
    if not isinstance(record, dict):
        raise MalformedError(number, "is not a JSON object", _OBJECT)
    return column_named(record, name, f"{file}, line {number}")


def _plain(number: int, value: Any) -> str:
    """A value of JSON as a text: several labels with commas between. MalformedError."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ",".join(value)
    if value is None or isinstance(value, (dict, list)):
        wrong = f"has {json.dumps(value)[:40]} where a text should be"
        raise MalformedError(number, wrong, _OBJECT)
    text = value if isinstance(value, str) else json.dumps(value)
    try:
        text.encode()
    except UnicodeError:
        raise MalformedError(number, "has half of a surrogate pair", _OBJECT) from None
    return text


def is_conllu(columns: Sequence[str]) -> bool:
    """Whether the columns of a line are a word of CoNLL-U."""
    return len(columns) == len(_CONLLU) and bool(re.fullmatch(r"\d+([-.]\d+)?", columns[0]))


def cells_of(name: FormatName, lines: Sequence[str]) -> Sequence[str]:
    """The columns of the first row of a table in such a format."""
    if name == "csv":
        return next(iter(first_rows(lines)), ())
    return (tsv_cells if name == "tsv" else conll_cells)(lines[0])


def _delimiter(lines: Sequence[str]) -> str:
    """What divides the first row most often."""
    first, _, _ = QUOTED.sub("", "\n".join(lines)).partition("\n")
    return max(_DELIMITERS, key=first.count)


def first_rows(lines: Sequence[str]) -> list[list[str]]:
    """The rows that lines begin with: all but a last one that is cut, or what is no CSV."""
    rows: list[list[str]] = []
    delimiter = _delimiter(lines)
    with suppress(csv.Error):
        rows.extend(csv.reader((f"{n}\n" for n in lines), delimiter=delimiter, strict=True))
    return rows
