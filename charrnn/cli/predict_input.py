"""What `charrnn predict` reads: the run that fits a file, and the inputs in that file."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from charrnn.cli.frame import Frame
from charrnn.errors import TextError
from charrnn.events import Noticed
from charrnn.settings import FormatName, TextSettings
from charrnn.text.example_columns import Line
from charrnn.text.source_files import shown_name
from charrnn.values import column_names

if TYPE_CHECKING:
    from charrnn.models.predictor import Predictor
    from charrnn.storage.checkpoint import About, Checkpoint

InputFormat = Literal["lines", FormatName]
_TOGETHER = 64  # records that are predicted at once, at most
_MANY = 512  # short texts that are: those of a length are computed together


def load_fitting(command: Frame, run: str | None, file: str) -> "Checkpoint":
    """The run that is named, else that trained last which predicts something of such a file.

    Which one that is, is said. Errors as `load_run`.
    """
    if run is None:
        from charrnn.storage.fitting_run import last_run, reads

        first_line = _first_line(file)

        def fits(about: "About") -> bool:
            is_read = file == "-" or reads(about, file, first_line)
            return bool(about.target_vocabulary) and is_read

        if run := last_run(fits):
            command.emit(Noticed(f"Run {run} predicts."))
    return command.load(run)


def _first_line(file: str) -> str:
    """The first line of a file, if it is the name of one; else nothing."""
    if not os.path.isfile(file):
        return ""
    with Path(file).open("rb") as opened:
        name = os.fsdecode(opened.readline(1 << 12)).rstrip("\r\n")
    return name if "\0" not in name and os.path.isfile(name) else ""


def _settings(
    model: "Predictor",
    file: str,
    lines: Sequence[str],
    name: InputFormat | None,
    columns: str | None,
) -> TextSettings | None:
    """How a file is read whose lines are not inputs alone; None where they are.

    As the flags say; without, as the run's own examples were, if the first lines show it.
    """
    from charrnn.text.example_formats import recognized

    text = replace(model.checkpoint.text, valid=None, test=None)
    layout = model.task.format(text).lines.layout
    shown = text.format or recognized(lines, file, layout)
    if name is None and columns is None:
        is_own = shown == layout.formats[0] and text.columns is None
        is_shown = _shows_own(model, file, lines) if is_own else _shows(model, shown, lines)
        return replace(text, format=shown) if lines and is_shown else None
    if name == "lines":
        return None
    return replace(text, format=name or shown, columns=columns or text.columns)


def _shows_own(model: "Predictor", file: str, lines: Sequence[str]) -> bool:
    """Whether lines have tabs that cannot be a part of an input, as the task's own format has."""
    layout = model.task.format(model.checkpoint.text).lines.layout
    if layout.lists and file.endswith(".conll"):
        return True
    rows = [layout.split(line) for line in lines if "\t" in line]
    is_input = model.task.input.has_text and not model.tokenizer.unknown("\t")
    has_tags = layout.lists is None or all(row[-1] in model.targets for row in rows)
    return len(rows) == len(lines) and not is_input and has_tags


def _shows(model: "Predictor", name: FormatName, lines: Sequence[str]) -> bool:
    """Whether the first lines of a file have the columns of such a format by their names."""
    from charrnn.text.example_records import cells_of

    text = model.checkpoint.text
    layout = model.task.format(text).lines.layout
    names = column_names(text.columns or ",".join(layout.names))
    if not lines or name in ("conllu", "fasttext"):
        return bool(lines)
    if name == "jsonl":
        record: Any = {}
        with suppress(ValueError, RecursionError):
            record = json.loads(lines[0])
        return isinstance(record, dict) and bool({*names, *(layout.lists or ())} & record.keys())
    cells = [cell.strip().casefold() for cell in cells_of(name, lines)]
    if all(map(str.isdecimal, names)):
        return len(cells) >= max(map(int, names))
    return names[layout.source if len(names) > 1 else 0].casefold() in cells


def read_inputs(
    model: "Predictor",
    file: str,
    name: InputFormat | None,
    columns: str | None,
    notice: Callable[[str], None],
    *,
    searches: bool = False,
) -> tuple[FormatName | None, Iterator[list[Line]]]:
    """The format of a file, or of stdin for `-`, and its inputs with their lines, in lists.

    None is that of a file whose lines are inputs. Where a beam `searches`, fewer are read at once,
    as each takes longer. TextError for what is not an input; those before it come first.
    """
    from charrnn.cli.prompts import read_lines
    from charrnn.text.example_formats import SUFFIXES
    from charrnn.text.example_records import LOOKED_AT

    if model.is_source(file):
        return None, iter([[(1, file)]])
    most = _MANY if model.task.input.has_text and not searches else 0
    batches = _texts(model, file, read_lines(file, most))
    first = next(batches, [])
    head = [line for line in first[:LOOKED_AT] if line.strip()]
    settings = _settings(model, file, head, name, columns)
    if settings is None:
        if (
            head
            and file.lower().endswith(model.task.input.suffixes)
            and not os.path.isfile(head[0])
        ):
            raise TextError(
                f"{file} is no series, and no list of such: it names no file {head[0]:.60}",
                "A series is a CSV of numbers alone, after a header or without one; "
                "a list has the name of a file on each line.",
            )
        if file.endswith(SUFFIXES) and name is None:
            notice(f"Each line of {file} is an input. To read a column of it: --columns NAME.")
        return None, _numbered(chain([first], batches))
    if not (name or columns):
        shown = shown_name(file)
        notice(f"{shown} is read as --format {settings.format}; --format lines reads its lines.")
    lines = enumerate(chain(first, chain.from_iterable(batches)), 1)
    return settings.format, _inputs(model, file, settings, lines, notice)


def _texts(model: "Predictor", file: str, batches: Iterable[list[str]]) -> Iterator[list[str]]:
    """The same lines. TextError where they are those of a binary file."""
    from charrnn.models.predictor import check_lines

    for lines in batches:
        check_lines(model, file, lines)
        yield lines


def _numbered(batches: Iterable[list[str]]) -> Iterator[list[Line]]:
    """Lines with their numbers."""
    first = 1
    for lines in batches:
        yield [*enumerate(lines, first)]
        first += len(lines)


def _inputs(
    model: "Predictor",
    file: str,
    settings: TextSettings,
    lines: Iterator[Line],
    notice: Callable[[str], None],
) -> Iterator[list[Line]]:
    """The inputs in the records of lines, with the lines where they begin."""
    from charrnn.text.examples import inputs_in

    fmt = model.task.format(settings)
    together: list[Line] = []
    for line, text in inputs_in(lines, shown_name(file), fmt, notice):
        together.append((line, fmt.items.placed(text, file)))
        if len(together) == _TOGETHER or file == "-":  # who writes there may wait for an answer
            yield together
            together = []
    yield together
