"""What `charrnn predict` reads: the run that fits a file, and the inputs in that file."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from charrnn.cli.frame import Frame
from charrnn.events import Noticed
from charrnn.settings import FormatName, TextSettings
from charrnn.values import column_names

if TYPE_CHECKING:
    from charrnn.models.predictor import Predictor
    from charrnn.storage.checkpoint import About, Checkpoint
    from charrnn.text.example_columns import Line

InputFormat = Literal["lines", "tsv", "csv", "jsonl", "conll", "conllu", "fasttext"]
_PICTURES = (".png", ".jpg", ".jpeg", ".npy")
_TOGETHER = 64  # inputs that are predicted at once, at most


def load_fitting(command: Frame, run: str | None, file: str) -> "Checkpoint":
    """The run that is named, else that trained last which predicts something of such a file.

    Which one that is, is said. Errors as `load_run`.
    """
    if run is None:
        from charrnn.storage.fitting_run import last_run

        of_pictures = None if file == "-" else _names_pictures(file)

        def fits(about: "About") -> bool:
            return bool(about.target_vocabulary) and of_pictures in (None, bool(about.input_shape))

        if run := last_run(fits):
            command.emit(Noticed(f"Run {run} predicts."))
    return command.load(run)


def _names_pictures(file: str) -> bool:
    """Whether a file is a picture, or its first line the name of one."""
    if file.lower().endswith(_PICTURES):
        return True
    name = next((line for _, line in _first_lines(file)), "")
    return name.lower().endswith(_PICTURES) and os.path.isfile(name)


def _first_lines(file: str) -> "list[Line]":
    """The first lines of a regular file, those that are empty left out; none of another."""
    from charrnn.text.example_records import LOOKED_AT

    if not os.path.isfile(file):
        return []
    with Path(file).open("rb") as opened:
        data = [opened.readline(1 << 16) for _ in range(LOOKED_AT)]
    lines = [line.decode("utf-8", "surrogateescape").rstrip("\r\n") for line in data]
    return [(number, line) for number, line in enumerate(lines, 1) if line]


def input_settings(
    model: "Predictor", file: str, name: InputFormat | None, columns: str | None
) -> TextSettings | None:
    """How a file is read whose lines are not inputs alone; None where they are.

    As the flags say; without, as the run's own examples were, if the file's first lines show it.
    """
    from charrnn.text.example_formats import recognized

    text = replace(model.checkpoint.text, valid=None, test=None)
    layout, head = model.task.format(text).lines.layout, _first_lines(file)
    shown = text.format or recognized(head, file, layout)
    if name is None and columns is None:
        lines = [] if file == "-" else [line for _, line in head if line.strip()]
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
    model: "Predictor", file: str, settings: TextSettings | None, notice: Callable[[str], None]
) -> Iterator[list[tuple[int, str]]]:
    """The inputs in a file, or stdin for `-`, each with the number of its line, in lists.

    TextError for what is not one; the inputs before it come first.
    """
    from charrnn.cli.prompts import read_lines
    from charrnn.text.examples import inputs_in

    if not model.task.input.has_text and file.lower().endswith(_PICTURES):
        yield [(1, file)]
        return
    first = 1
    if settings is None:
        for lines in read_lines(file):
            yield [*enumerate(lines, first)]
            first += len(lines)
        return
    fmt = model.task.format(settings)
    numbered = enumerate(chain.from_iterable(read_lines(file)), 1)
    name = "stdin" if file == "-" else file
    together: list[tuple[int, str]] = []
    for line, text in inputs_in(numbered, name, fmt, notice):
        together.append((line, fmt.items.placed(text, file)))
        if len(together) == _TOGETHER or file == "-":  # who writes there may wait for an answer
            yield together
            together = []
    yield together
