"""Arguments and flags that several commands have, and checks of them."""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from charrnn.cli.completion import run_names
from charrnn.errors import CharRNNError, UsageError
from charrnn.settings import ADVANCED, PartName, flag
from charrnn.values import check_device, check_encoding, column_names


def _checked(check: Callable[[str], object]) -> Callable[[str | None], str | None]:
    """A callback of typer's that refuses a value for which the check raises ValueError."""

    def callback(value: str | None) -> str | None:
        try:
            if value is not None:
                check(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        return value

    return callback


def confirm(question: str, yes: bool) -> None:
    """Ask on the terminal, unless `yes`. UsageError without a terminal, CharRNNError for a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "standard input is not a terminal, so charrnn cannot ask", "Add --yes to go ahead."
        )
    if not typer.confirm(question, err=True):
        raise CharRNNError("nothing was removed", "")


def freed(verb: str, names: Sequence[str], size: int) -> str:
    """A sentence that names what was removed, and its size."""
    if not names:
        return f"{verb} nothing."
    return f"{verb} {', '.join(names)}: {size / 1e6:,.1f} MB are free again."


def run_and_file(run: str | None, file: str | None) -> tuple[str | None, str | None]:
    """(Run, file) of one or two words: a file alone is for the run trained last."""
    from charrnn.storage.runs import is_text

    return (None, run) if run is not None and file is None and is_text(run) else (run, file)


def exclude(**flags: object) -> None:
    """Raise UsageError if more than one flag has a value other than None or False."""
    named = [flag(name) for name, value in flags.items() if value not in (None, False)]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} exclude each other", "Leave one of them out.")


Run = Annotated[
    str | None,
    typer.Argument(
        help="a run's name, its folder or its model file", show_default="the run trained last",
        autocompletion=run_names,
    ),
]  # fmt: skip
Runs = Annotated[
    list[str] | None,
    typer.Argument(help="names of runs", show_default="all runs", autocompletion=run_names),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="show no progress and no notices")]
Json = Annotated[bool, typer.Option("--json", help="print JSON, one object a line")]
Part = Annotated[
    PartName | None,
    typer.Option(
        help="part of the corpus to score: train, valid or test", metavar="NAME",
        show_default="test, or valid where there is no test",
    ),
]  # fmt: skip
Encoding = Annotated[
    str | None,
    typer.Option(
        help="encoding of the text file", show_default="utf-8", metavar="NAME",
        callback=_checked(check_encoding), rich_help_panel=ADVANCED,
    ),
]  # fmt: skip
Columns = Annotated[
    str | None,
    typer.Option(
        help="columns of the examples in the file that count, by name or number",
        show_default="as in training", metavar="NAMES", callback=_checked(column_names),
        rich_help_panel=ADVANCED,
    ),
]  # fmt: skip
Device = Annotated[
    str,
    typer.Option(
        help="device: auto (cuda, else cpu), cpu, cuda, cuda:1, mps", metavar="NAME",
        callback=_checked(check_device), rich_help_panel=ADVANCED,
    ),
]  # fmt: skip
