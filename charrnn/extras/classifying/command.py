"""charrnn classify: which run most likely wrote a text."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charrnn.cli.completion import run_names
from charrnn.cli.frame import Frame, frame
from charrnn.cli.options import Encoding, Json, Quiet
from charrnn.display.reports import Report
from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Noticed
from charrnn.settings import ADVANCED, TextSettings, UnknownName
from charrnn.tables import Cell, Figure, Table
from charrnn.text.source_files import shown_name

if TYPE_CHECKING:
    from charrnn.extras.classifying.verdicts import Accuracy, Given, Verdict
    from charrnn.storage.checkpoint import Checkpoint

Texts = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEXT", help="text files, or - for stdin", show_default="-"),
]
RunNames = Annotated[
    str,
    typer.Option(
        "--runs", help="the runs to choose from, with commas: A,B", metavar="NAMES",
        autocompletion=run_names,
    ),
]  # fmt: skip
PerOption = Annotated[
    Literal["file", "line"] | None,
    typer.Option("--per", help="what is one text: a file or a line", metavar="NAME",
                 show_default="file, or line with --labeled"),
]  # fmt: skip
Labeled = Annotated[
    bool,
    typer.Option(
        "--labeled", help="lines are RUN, a tab, and a text by it: show the accuracy, too"
    ),
]
Unknown = Annotated[
    UnknownName,
    typer.Option(
        help="characters that a vocabulary lacks: error, nearest or skip; one lost costs 17.2 bits",
        metavar="NAME", rich_help_panel=ADVANCED,
    ),
]  # fmt: skip


def classify(
    texts: Texts = None,
    *,
    runs: RunNames,
    per: PerOption = None,
    labeled: Labeled = False,
    unknown: Unknown = "skip",
    encoding: Encoding = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Say which run most likely wrote each text: the one that needs the fewest bits for it.

    The odds are in bits, against the next best run: 10 bits are 1000 to 1.
    """
    if labeled and per == "file":
        raise UsageError("--labeled is about lines", "Leave --per file out.")
    by_line = per == "line" or labeled
    with frame(quiet=quiet, json=json, stdout="data" if by_line else "report") as command:
        from charrnn.extras.classifying.verdicts import Accuracy, verdicts_on

        checkpoints = _load(runs, command)
        raw = all(run.tokenizer.raw for run in checkpoints.values())
        settings = TextSettings(encoding=encoding or "utf-8")
        if not texts and sys.stdin.isatty():
            command.emit(Noticed("Type a text; Ctrl-D ends it."))
        given = _texts(texts or ["-"], by_line, settings, command.emit, raw)
        if labeled:
            given = _split_labels(given, list(checkpoints))
        verdicts = verdicts_on(checkpoints, given, unknown, command.emit)
        if not by_line:  # there are few, and a bar until they are known
            verdicts = iter([*verdicts])
        if labeled:
            accuracy = Accuracy(checkpoints)
            command.show(_verdicts_report(accuracy.count(verdicts)))
            command.show(_accuracy_report(accuracy))
        else:
            command.show(_verdicts_report(verdicts))


def _load(runs: str, command: Frame) -> "dict[str, Checkpoint]":
    """The runs, by the names that were given."""
    from charrnn.storage.runs import find

    names = [name.strip() for name in runs.split(",") if name.strip()]
    if len(names) < 2:
        raise UsageError("there must be two runs or more to choose from", "Write --runs A,B.")
    paths = [find(name).resolve() for name in names]
    for number, path in enumerate(paths):
        if path in paths[:number]:
            raise UsageError(f"run {names[number]} is named twice", "Name it once in --runs.")
    return {name: command.load_language_model(name) for name in names}


def _texts(
    sources: list[str], lines: bool, settings: TextSettings, emit: Emit, raw: bool
) -> "Iterator[Given]":
    """Each source, or each line that is not empty, without its end."""
    from charrnn.extras.classifying.verdicts import Given
    from charrnn.text.encoding import bounded
    from charrnn.text.source import read_text

    for place, source in enumerate(sources, 1):
        name = shown_name(source)
        pieces = read_text(source, settings, emit, raw)
        given = None
        if not lines:
            pieces = bounded(pieces, source)
        for number, text in _lines(pieces, name) if lines else [(place, "".join(pieces))]:
            if text:
                given = Given(number, name, text)
                yield given
        if given is None:
            raise TextError(f"there is nothing in {name}", "Leave it out.")


def _lines(pieces: Iterator[str], name: str) -> Iterator[tuple[int, str]]:
    from charrnn.text.decoding import numbered_lines

    for lines in numbered_lines(pieces, name, "Break it into shorter lines."):
        yield from ((number, line.removesuffix("\r")) for number, line in lines)


def _split_labels(texts: "Iterator[Given]", runs: list[str]) -> "Iterator[Given]":
    """RUN, a tab, a text -> the text with its label. TextError for another line."""
    from dataclasses import replace

    for given in texts:
        label, tab, text = given.text.partition("\t")
        if not tab or not text or label not in runs:
            raise TextError(
                f"line {given.number} of {given.source} does not begin with a run and a tab",
                f"Runs: {', '.join(runs)}.",
            )
        yield replace(given, text=text, label=label)


def _verdicts_report(verdicts: "Iterable[Verdict]") -> Report:
    """Which run most likely wrote each text, a row each, as the verdicts come.

    The odds are those against the next best run, in bits; the probability is among all runs.
    """
    rows: Iterator[list[Cell]] = (
        [Figure(verdict.number), verdict.run, Figure(f"{verdict.log_odds:,.1f}"),
         Figure(f"{verdict.probabilities[verdict.run]:.4f}"), verdict.label or verdict.source,
         verdict.text]
        for verdict in verdicts
    )  # fmt: skip
    heads = ["number", "run", "odds, bits", "probability", "from", "text"]
    records = (verdict.record() for verdict in verdicts)
    return Report(records, [Table(heads, rows, widths=(6, 14, 10, 11, 14))])


def _accuracy_report(accuracy: "Accuracy") -> Report:
    """How many of the labelled texts were given to their run, and the confusion matrix."""
    title = f"accuracy {accuracy.accuracy:.1%} of {accuracy.texts:,} texts"
    rows: list[list[Cell]] = [[run, *counts.values()] for run, counts in accuracy.confusion.items()]
    table = Table(["label", *accuracy.confusion], rows, title)
    return Report([accuracy.record()], [Table(), table])  # an empty line is between it and the rows
