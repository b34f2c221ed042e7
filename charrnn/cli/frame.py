"""The frame of every command: it limits threads, loads runs, and writes to stdout and stderr.

    with frame(quiet=quiet, json=json) as command:
        checkpoint = command.load(run)
        command.show(score_report(score(checkpoint, command.emit)))

Data goes to stdout, everything else to stderr. Rich is loaded where something is shown, not before.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from charrnn.cli.process import limit_threads
from charrnn.events import Emit, Event, Noticed, Progress
from charrnn.files import atomic_write

if TYPE_CHECKING:
    from charrnn.display.reports import Report
    from charrnn.models.text_model import TextModel
    from charrnn.storage.checkpoint import Checkpoint

Stdout = Literal["report", "data", "events"]
"""What a command writes there: a report at its end, data meanwhile, or with --json its events."""


@contextmanager
def frame(
    *,
    quiet: bool = False,
    json: bool = False,
    stdout: Stdout = "report",
    raw: bool = False,
    output: Path | None = None,
) -> Iterator["Frame"]:
    """The frame of a command with these flags. Enter it before NumPy or torch is imported.

    Where nobody reads stdout any more, the block ends at its next write, without an error.
    `raw` writes controls to a terminal as they are. Data goes to the file `output`, if there is
    one: whole, or not at all.
    """
    limit_threads()
    with ExitStack() as streams:
        command = Frame(quiet, json, stdout, raw, output, streams)
        yield command
    if output:
        command.say_written(output)


@dataclass
class Frame:
    """What a command may do: show events, load a run, write data, show a report."""

    quiet: bool
    json: bool
    _stdout: Stdout
    _raw: bool
    _output: Path | None
    _streams: ExitStack

    def __post_init__(self) -> None:
        self._events = self._streams.enter_context(ExitStack())
        self._prints_events = self.json and self._stdout == "events"
        is_report = self.json and self._stdout == "report"
        self._is_silent = is_report or (self.quiet and not self._prints_events)
        if self._output:
            self._file = self._streams.enter_context(atomic_write(self._output))

    def emit(self, event: Event) -> None:
        """Show an event on stderr, but no progress while data goes to the same terminal.

        While a report is made for --json nothing is shown.
        """
        if self._is_silent:
            return
        if self._stdout != "data":
            self._listener(event)
        elif not isinstance(event, Progress):
            self._print(event)
        elif sys.stderr.isatty() and not sys.stdout.isatty():
            self._listener(event)

    def say(self, message: str) -> None:
        """Print a message on stderr, below progress that was shown."""
        self._events.close()
        if not self.quiet:
            self._print(Noticed(message))

    def say_written(self, path: Path | None) -> None:
        """Print where a file is; None for stdout."""
        self.say(f"Written: {path or 'stdout'}")

    def _print(self, event: Event) -> None:
        from charrnn.display.log import show_event

        show_event(event)

    @cached_property
    def _listener(self) -> Emit:
        from charrnn.display.log import listen

        return self._events.enter_context(listen(quiet=False, as_json=self._prints_events))

    def load(self, run: str | None) -> "Checkpoint":
        """The model of a run. Errors as `load_run`."""
        from charrnn.storage.runs import load_run

        return load_run(run, self.emit)

    def load_language_model(self, run: str | None) -> "Checkpoint":
        """The model of a run that continues texts. Errors as `load_language_model`."""
        from charrnn.storage.fitting_run import load_language_model

        return load_language_model(run, self.emit)

    def load_text_model(self, run: str | None) -> "TextModel | None":
        """The language model of a run that is named, ready to be asked. Errors as `load_run`."""
        if run is None:
            return None
        from charrnn.models.text_model import TextModel

        return TextModel(self.load_language_model(run))

    @cached_property
    def write(self) -> Callable[[str], object]:
        """Write text to stdout at once: see `stdout_writer`; or to the command's file."""
        if self._output:
            return lambda text: self._file.write(text.encode("utf-8", "surrogateescape"))
        from charrnn.display.stdout import stdout_writer

        return self._streams.enter_context(stdout_writer(raw=self._raw))

    def show_record(self, record: Mapping[str, Any]) -> None:
        """Print a record with --json. People have read the same in an event."""
        if self.json:
            from charrnn.display.reports import Report

            self.show(Report([record], ()))

    def show(self, report: "Report") -> None:
        """Print a report on stdout, as --json or for people; progress ends before."""
        from charrnn.display.reports import show

        self._events.close()
        show(report, self.json)
