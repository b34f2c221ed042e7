"""Arguments and flags that several commands have, and checks of them."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, get_args

import typer

from charrnn.cli.completion import run_names
from charrnn.display.figures import check_figure
from charrnn.display.stdout import check_stdout, on_one_line
from charrnn.errors import CharRNNError, UsageError, shortened, suggest
from charrnn.settings import ADVANCED, CellName, PartName, flag
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


def confirm(question: str, yes: bool, declined: str = "nothing was removed") -> None:
    """Ask on the terminal, unless `yes`. UsageError without a terminal, CharRNNError for a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "standard input is not a terminal, so charrnn cannot ask",
            f"{question} Add --yes to go ahead.",
        )
    if not typer.confirm(on_one_line(question), err=True):
        raise CharRNNError(declined, "")


def output_path(output: str | None, yes: bool) -> Path | None:
    """The file to write, after asking whether to replace one; None for stdout: no name, or `-`.

    UsageError for a folder, and for a file that is there where nobody answers.
    """
    if output in (None, "-"):
        return None
    path = Path(output)
    if path.is_dir():
        raise UsageError(f"{shortened(output)} is a folder", "Name a file in it.")
    if path.exists():
        if not (yes or sys.stdin.isatty()):
            hint = "Choose another name, or replace it with --yes."
            raise UsageError(f"there is already a file {path}", hint)
        confirm(f"Replace {path}?", yes, "nothing was written")
    return path


def picture_path(output: str | None, yes: bool) -> Path | None:
    """As `output_path`, for a picture. Errors as `check_figure`, before hours are spent on it."""
    if output not in (None, "-"):
        check_figure(Path(output))
    return output_path(output, yes)


def binary_path(output: str, yes: bool, json: bool) -> Path | None:
    """As `output_path`, for a file that is no text. UsageError where stdout cannot take it."""
    if output == "-":
        check_stdout(json)
    return output_path(output, yes)


def freed(verb: str, names: Sequence[str], size: int) -> str:
    """A sentence that names what was removed, and its size."""
    if not names:
        return f"{verb} nothing."
    return f"{verb} {', '.join(names)}: {size / 1e6:,.1f} MB are free again."


def run_and_file(
    run: str | None, file: str | None, text: str | None = None
) -> tuple[str | None, str | None]:
    """(Run, file) of one or two words and `--text`: a file alone is for the run trained last."""
    from charrnn.storage.runs import is_text

    if text is not None and file is not None:
        raise UsageError("the text is given twice", "Leave --text or the argument out.")
    if run is not None and file is None and text is None and is_text(run):
        return None, run
    return run, text if file is None else file


def exclude(**flags: object) -> None:
    """Raise UsageError if more than one flag has a value other than None or False."""
    named = [flag(name) for name, value in flags.items() if value not in (None, False)]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} exclude each other", "Leave one of them out.")


def parse_cells(listed: str) -> list[CellName]:
    """'lstm,gru' -> ['lstm', 'gru']; 'all' -> every cell. UsageError for an unknown name."""
    known: dict[str, CellName] = {name: name for name in get_args(CellName)}
    names = known if listed == "all" else dict.fromkeys(listed.lower().split(","))
    for name in names:
        if name not in known:
            raise UsageError(f"there is no cell {name!r}", suggest(name, known, "Cells"))
    return [known[name] for name in names]


Run = Annotated[
    str | None,
    typer.Argument(
        help="a run's name, folder, model file or URL", show_default="the run trained last",
        autocompletion=run_names,
    ),
]  # fmt: skip
Runs = Annotated[
    list[str] | None,
    typer.Argument(help="names of runs", show_default="all runs", autocompletion=run_names),
]
TextFlag = Annotated[
    str | None, typer.Option("--text", metavar="FILE", help="the same as TEXT", hidden=True)
]
OutputFlag = partial(
    typer.Option, "--output", "-o", metavar="FILE", help="the file to write; - is stdout"
)
Output = Annotated[str | None, OutputFlag(show_default="stdout")]
Picture = Annotated[str | None, OutputFlag(help="write the chart as a picture: .svg, .png or .pdf")]
Replace = Annotated[
    bool,
    typer.Option(
        "--yes", "-y", "--force", "-f", help="replace a file without asking",
        rich_help_panel=ADVANCED,
    ),
]  # fmt: skip
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
LanguageModel = Annotated[
    str | None,
    typer.Option(
        metavar="RUN", help="with --task rewrite or caption: a run of --task text whose "
        "probabilities count in the beam, too", autocompletion=run_names, rich_help_panel=ADVANCED,
    ),
]  # fmt: skip
Weight = Annotated[
    float | None,
    typer.Option(
        min=0, max=100, metavar="X", help="of the log-probabilities of --language-model",
        show_default="0.3", rich_help_panel=ADVANCED,
    ),
]  # fmt: skip
Device = Annotated[
    str,
    typer.Option(
        help="device: auto (cuda, else cpu), cpu, cuda, cuda:1, mps", metavar="NAME",
        callback=_checked(check_device), rich_help_panel=ADVANCED,
    ),
]  # fmt: skip
