"""The command `charrnn`: it runs a command, and shows every error."""

import os
import signal
import sys
from typing import Annotated, Any, NoReturn

import typer

from charrnn import __version__
from charrnn.cli.command import Command, Deferred, Root
from charrnn.cli.completion import InstallCompletion, ShowCompletion, enable_completion
from charrnn.cli.definitions import CORE, PANELS, CommandDefinition
from charrnn.cli.extras import COMMANDS as EXTRAS, find_extra
from charrnn.cli.process import SIGNALS, exit_on_termination, open_streams
from charrnn.errors import IN_COMMAND, CharRNNError, LostError, UsageError, enough_memory, from_os
from charrnn.settings import plain

_EXIT_CODE_FILE = "CHARRNN_EXIT_CODE_FILE"  # set by --processes for those that it starts

app = typer.Typer(
    cls=Root,
    help="Train a small recurrent network on any text, to write, label, tag or rewrite.",
    epilog="Begin with:  charrnn train shakespeare --time 2m\n"
    "and then:    charrnn sample --temp 0.8",
    add_completion=False,  # see completion.py, whose flags take the name of a shell
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # a bug shows a plain traceback, without tensors
)


def main() -> None:
    """The command `charrnn`. Every error that a user can fix ends here, as a few lines."""
    for number in SIGNALS:
        if signal.getsignal(number) == signal.SIG_DFL:  # not what Python or nohup has chosen
            signal.signal(number, exit_on_termination)
    open_streams()
    enable_completion()
    token = IN_COMMAND.set(True)
    advice = "Take a smaller file, text or --batch-size, or close other programs."
    try:
        with enough_memory(lambda: CharRNNError("there is not enough memory", advice)):
            code = app(prog_name="charrnn", standalone_mode=False) or 0
        _leave(code)
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
    finally:
        IN_COMMAND.reset(token)


def _usage_error(error: Any) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "charrnn"
    message = error.format_message()
    if message.startswith("Invalid value"):
        flag, _, reason = message.partition(": ")
        verb = "must be " if reason.startswith("Input should be") else ""
        message = f"{flag}: {verb}{plain(reason)}"
    if message.startswith("Missing option"):
        wanted = error.param
        message = f"{path} needs {wanted.opts[0]} {wanted.metavar}: {wanted.help}"
    if "unexpected extra argument" in message:
        message = message.replace("Got unexpected", "there are")
        return UsageError(message, f"Put a text or name with spaces in quotes. See {path} --help.")
    return UsageError(message, f"See {path} --help.")


def _fail(error: CharRNNError) -> NoReturn:
    from charrnn.display.log import show_error

    if not error.said:
        show_error(error)
    _leave(error.exit_code, may_help_again=isinstance(error, LostError))


def _leave(code: int, *, may_help_again: bool = False) -> NoReturn:
    """Exit, and let no signal from now on leave a traceback."""
    for number in SIGNALS:
        signal.signal(number, lambda number, _: os._exit(128 + number))
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
        typer.Option(
            "--version", "-V", callback=_print_version, is_eager=True, help="print the version"
        ),
    ] = False,
    show_completion: ShowCompletion = None,
    install_completion: InstallCompletion = None,
) -> None:
    """Before every command."""


def show_help(
    command: Annotated[
        list[str] | None, typer.Argument(help="a command, such as sample or runs rm")
    ] = None,
) -> None:
    """Show this help, or that of a command."""
    app([*(command or []), "--help"], prog_name="charrnn", standalone_mode=False)


def _add(group: typer.Typer, name: str, definition: CommandDefinition) -> None:
    """Add a command, whose module is imported when the command is needed."""

    def load() -> Any:
        command = definition.load()
        if isinstance(command, typer.Typer):
            for below, extra in EXTRAS.items():
                if below.startswith(f"{name} ") and extra.is_here:
                    _add(command, below.removeprefix(f"{name} "), extra)
            return typer.main.get_command(command)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name, cls=Command, epilog=definition.example)(command)
        return typer.main.get_command(alone)

    panel = definition.panel or None
    group.command(name, cls=Deferred, rich_help_panel=panel, help=definition.help)(load)


for _panel in PANELS:
    for _name, _definition in (CORE | EXTRAS).items():
        if _definition.panel == _panel and _definition.is_here:
            _add(app, _name, _definition)
