"""What `charrnn predict` reads: the run that fits a file, and the inputs in that file."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from charrnn.cli.frame import Frame
from charrnn.events import Noticed
from charrnn.settings import FormatName, TextSettings
from charrnn.values import column_names

if TYPE_CHECKING:
    from charrnn.models import Predictor
    from charrnn.storage.checkpoint import About, Checkpoint
    from charrnn.text.example_columns import Layout, Line

InputFormat = Literal["lines", "tsv", "csv", "jsonl", "conll", "conllu", "fasttext"]
_PICTURES = (".png", ".jpg", ".jpeg", ".npy")
_TOGETHER = 64  # inputs that are predicted at once, at most


def load_fitting(command: Frame, run: str | None, file: str) -> "Checkpoint":
    """The run that is named, else that trained last which predicts something of such a file.

    Which one that is, is said. Errors as `load_run`.
    """
    if run is None:
        from charrnn.storage.housekeeping import last_run

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
        is_shown = file != "-" and _shows(shown, head, layout, text.columns)
        return replace(text, format=shown) if is_shown else None
    if name == "lines":
        return None
    return replace(text, format=name or shown, columns=columns or text.columns)


def _shows(name: FormatName, head: "list[Line]", layout: "Layout", columns: str | None) -> bool:
    """Whether the first lines of a file show that it is more than a list of inputs."""
    from charrnn.text.example_records import cells_of

    if not head or name in ("conllu", "fasttext"):
        return bool(head)
    lines = [line for _, line in head]
    names = column_names(columns or ",".join(layout.names))
    if name == "jsonl":
        record = json.loads(lines[0]) if lines[0].startswith("{") else {}
        return not {*names, *(layout.lists or ())}.isdisjoint(record)
    if name == layout.formats[0] and columns is None:
        return name == "conll" and "\t" in lines[0]
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

    if settings is None and file.lower().endswith(_PICTURES):
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
