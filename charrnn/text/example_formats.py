"""Formats of examples: which one a file has, and the records that it holds.

    tsv       label<TAB>text              csv       label,"a text, quoted"
    jsonl     {"label": "x", "text": ""}  fasttext  __label__x a text
    conll     token<TAB>...<TAB>tag lines, and a blank line after each sentence
    conllu    ten columns, of which the form and the part of speech (upos) count

A file is read as its task's own format unless its first lines cannot be that, and are another.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import PurePath

from charrnn.errors import UsageError
from charrnn.settings import FormatName
from charrnn.text.example_columns import Layout, Line, Record, Selection
from charrnn.text.example_records import (
    LOOKED_AT,
    QUOTED,
    conll_cells,
    conllu_records,
    csv_records,
    fasttext_records,
    first_rows,
    is_conllu,
    json_records,
    line_records,
    tsv_cells,
)

SUFFIXES = (".tsv", ".csv", ".jsonl", ".conll", ".conllu")
"""Endings of files of examples, which rarely are plain texts."""

_READERS: dict[FormatName, Callable[[Iterator[Line], Selection], Iterator[Record]]] = {
    "tsv": partial(line_records, tsv_cells),
    "csv": csv_records,
    "jsonl": json_records,
    "conll": partial(line_records, conll_cells),
    "conllu": conllu_records,
    "fasttext": fasttext_records,
}


def read_records(lines: Iterator[Line], selection: Selection) -> Iterator[Record]:
    """The records in the lines of a file, each with the columns that are asked for.

    MalformedError for a line that is none; TextError or UsageError for a format or a column that
    does not fit.
    """
    layout, given = selection.layout, selection.settings.format
    if given and given not in layout.formats:
        raise UsageError(
            f"--format {given} does not hold what is asked for: {' and '.join(layout.names)}",
            f"Choose --format {', '.join(layout.formats)}.",
        )
    head = [] if given else [*islice(lines, LOOKED_AT)]
    name = given or recognized([line for _, line in head], selection.name, layout)
    if name != layout.formats[0] and not given:
        selection.notice(f"{selection.name} is read as --format {name}.")
    return _READERS[name](chain(head, lines), selection)


def recognized(head: Sequence[str], name: str, layout: Layout) -> FormatName:
    """The format of a file that begins with these lines: the task's own, unless it cannot be."""
    texts = [line for line in head if line.strip()]
    rows = [line for line in texts if not line.startswith("#")]
    own = layout.formats[0]
    if not texts:
        return own
    first, suffixes = texts[0], PurePath(name).suffixes
    unquoted = QUOTED.sub("", first)
    candidates: list[tuple[FormatName, bool]] = [
        ("conllu", bool(rows) and is_conllu(rows[0].split("\t"))),
        ("jsonl", _is_json(first) or (".jsonl" in suffixes and "\t" not in first)),
        ("csv", ".csv" in suffixes and "\t" not in unquoted and not {*",;"}.isdisjoint(first)),
        (own, len(layout.split(first)) > 1),
        ("fasttext", first.startswith("__label__")),
        ("csv", len(_widths(texts)) == 1 and len(texts) > 1),
    ]
    return next((each for each, fits in candidates if fits and each in layout.formats), own)


def _is_json(line: str) -> bool:
    try:
        return line.lstrip().startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _widths(lines: Sequence[str]) -> set[int]:
    """The numbers of columns of the first rows of a CSV; empty if the first has one column."""
    widths = [*map(len, first_rows(lines))]
    return {*widths} if widths and widths[0] > 1 else set()
