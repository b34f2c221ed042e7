"""The command `charrnn`: its commands, and where every error is shown."""

import os
import signal
import sys
from typing import Annotated, Any, NoReturn

import typer

from charrnn import __version__
from charrnn.cli.command import Command, Deferred, Group
from charrnn.cli.compare import compare
from charrnn.cli.completion import InstallCompletion, ShowCompletion, enable_completion
from charrnn.cli.corpora import corpora
from charrnn.cli.evaluate import evaluate
from charrnn.cli.extras import COMMANDS as EXTRAS, ExtraCommand, find_extra
from charrnn.cli.inspect import inspect
from charrnn.cli.plot import plot
from charrnn.cli.predict import predict
from charrnn.cli.prepare import prepare
from charrnn.cli.process import open_streams
from charrnn.cli.runs import runs
from charrnn.cli.sample import sample
from charrnn.cli.signals import exit_on_termination
from charrnn.cli.sweep import sweep
from charrnn.cli.train import train
from charrnn.errors import CharRNNError, LostError, UsageError, from_os
from charrnn.settings import plain

_EXIT_CODE_FILE = "CHARRNN_EXIT_CODE_FILE"  # set by --processes for those that it starts

app = typer.Typer(
    cls=Group,
    help="Character-level recurrent language models: train one on any text, and generate more.",
    epilog="Begin with:  charrnn train shakespeare\nand then:    charrnn sample --temp 0.8",
    no_args_is_help=True,
    add_completion=False,  # see completion.py, whose flags take the name of a shell
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # a bug shows a plain traceback, without tensors
)


def main() -> None:
    """The command `charrnn`. Every error that a user can fix ends here, as a few lines."""
    signal.signal(signal.SIGTERM, exit_on_termination)
    open_streams()
    enable_completion()
    try:
        code = app(prog_name="charrnn", standalone_mode=False) or 0
        _leave(code)
    except SystemExit as end:  # Rich's, where the reader of the help closed the pipe
        sys.exit(0 if isinstance(end.__context__, BrokenPipeError) else end.code)
    except typer.TyperException as error:
        if not error.format_message():  # the help was shown instead
            sys.exit(error.exit_code)
        _fail(_usage_error(error))
    except CharRNNError as error:
        _fail(error)
    except OSError as error:
        _fail(from_os(error))
    except (KeyboardInterrupt, typer.Abort):  # Abort: at a question
        sys.exit(130)
    except MemoryError:
        _fail(CharRNNError("there is not enough memory", "Close other programs, or take less."))


def _usage_error(error: Any) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "charrnn"
    message = error.format_message()
    if message.startswith("Invalid value"):
        flag, _, reason = message.partition(": ")
        message = f"{flag}: {plain(reason)}"
    return UsageError(message, f"See {path} --help.")


def _fail(error: CharRNNError) -> NoReturn:
    from charrnn.display.log import show_error

    if not error.said:
        show_error(error)
    _leave(error.exit_code, may_help_again=isinstance(error, LostError))


def _leave(code: int, *, may_help_again: bool = False) -> NoReturn:
    """Exit, and let no signal from now on leave a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if _EXIT_CODE_FILE in os.environ:
        code = find_extra(_EXIT_CODE_FILE)(code, may_help_again)
    sys.exit(code)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"charrnn {__version__}", flush=True)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="print the version"),
    ] = False,
    show_completion: ShowCompletion = None,
    install_completion: InstallCompletion = None,
) -> None:
    """Before every command."""


def show_help(
    command: Annotated[str | None, typer.Argument(help="a command", show_default=False)] = None,
) -> None:
    """Show this help, or that of a command."""
    app([*([command] if command else []), "--help"], prog_name="charrnn", standalone_mode=False)


_PANELS: dict[str, list[tuple[str, Any]]] = {
    "Train and sample": [("train", train), ("sample", sample), ("predict", predict)],
    "Score": [("eval", evaluate)],
    "Compare": [("compare", compare), ("sweep", sweep), ("plot", plot)],
    "Look inside": [("inspect", inspect)],
    "Elsewhere": [],
    "Files and help": [
        ("prepare", prepare), ("runs", runs), ("corpora", corpora), ("help", show_help),
    ],
}  # fmt: skip
_EXAMPLES = {
    "train": "Example: charrnn train shakespeare --time 2m --run first",
    "sample": 'Example: charrnn sample first --temp 0.8 --prompt "To be"',
    "eval": "Example: charrnn eval first --part valid",
    "sweep": "Example: charrnn sweep shakespeare --cells lstm,gru --seeds 3 --time 1m",
}


def _add(name: str, command: Any, panel: str) -> None:
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name, rich_help_panel=panel)
    else:
        epilog = _EXAMPLES.get(name)
        app.command(name, cls=Command, rich_help_panel=panel, epilog=epilog)(command)


def _add_extra(group: typer.Typer, name: str, extra: ExtraCommand) -> None:
    """Add a command of an extra, whose module is imported when the command is needed."""

    def load() -> Any:
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        epilog = extra.example and f"Example: {extra.example}"
        alone.command(name, cls=Command, epilog=epilog)(extra.load())
        return typer.main.get_command(alone)

    panel = extra.panel or None
    group.command(name, cls=Deferred, rich_help_panel=panel, help=extra.help)(load)


for _panel, _commands in _PANELS.items():
    for _name, _command in _commands:
        _add(_name, _command, _panel)
    for _name, _extra in EXTRAS.items():
        if _extra.panel == _panel and _extra.is_here:
            _add_extra(app, _name, _extra)
for _name, _extra in EXTRAS.items():
    if _name.startswith("corpora ") and _extra.is_here:
        _add_extra(corpora, _name.removeprefix("corpora "), _extra)
