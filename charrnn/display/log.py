"""Events and errors on stderr.

`listen` gives the function that events are sent to: a live dashboard on a terminal, plain lines
elsewhere, JSON lines or nothing when asked for.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.text import Text

from charrnn.display.console import error_console
from charrnn.display.dashboard import live_dashboard
from charrnn.display.stdout import escaped, json_line, on_one_line, stop_at_closed_pipe
from charrnn.display.wording import sentence
from charrnn.errors import CharRNNError
from charrnn.events import Curves, Emit, Event, Planned, Progress, Started, Stepped, Unit

_LINE_INTERVAL, _LONGEST_INTERVAL = 10.0, 60.0  # seconds between plain lines of training


def show_error(error: CharRNNError) -> None:
    """Print an error on stderr: one sentence, and a next step, which may have several lines."""
    out = error_console()
    with suppress(OSError):  # a closed stderr; the exit code still tells
        out.print(Text.assemble(("charrnn: error: ", "bold red"), on_one_line(error.message)))
        for line in filter(None, error.hint.split("\n")):
            out.print(Text(on_one_line(line), "dim"))


@contextmanager
def listen(quiet: bool, as_json: bool) -> Iterator[Emit]:
    """A function that shows each event, in the form that suits where stderr goes."""
    out = error_console()
    if as_json:
        yield _until_closed(_print_json)
    elif quiet:
        yield lambda _: None
    elif out.is_terminal and not out.is_dumb_terminal and (out.encoding or "").startswith("utf"):
        with live_dashboard(out) as show:
            yield _until_closed(show)
    else:
        yield _until_closed(Lines(out))


def show_event(event: Event) -> None:
    """Print a single event on stderr, as a plain line."""
    Lines(error_console())(event)


def _until_closed(show: Emit) -> Emit:
    """The same until writing fails: a closed stderr is not a reason to stop training."""
    failed = False

    def emit(event: Event) -> None:
        nonlocal failed
        if not failed:
            try:
                show(event)
            except OSError:
                failed = True

    return emit


def _print_json(event: Event) -> None:
    if not isinstance(event, Progress | Curves):
        with stop_at_closed_pipe():
            print(json_line(event.record()), flush=True)


class Lines:
    """Prints events as plain lines, for a log."""

    def __init__(self, out: Console) -> None:
        self.out = out
        self.printed = 0.0
        self.total_steps: int | None = None
        self.unit: Unit = "character"
        self.counted = "token"

    def __call__(self, event: Event) -> None:
        """Print an event, or not: steps are printed every ten seconds, after an hour every minute.

        So twelve hours have 800 lines.
        """
        match event:
            case Started():
                self.total_steps, self.unit, self.counted = None, event.unit, event.counted
            case Planned():
                self.total_steps = event.total_steps
            case Stepped() if time.monotonic() - self.printed < _interval(event.seconds):
                return
            case Stepped():
                self.printed = time.monotonic()
        if text := sentence(event, self.unit, self.total_steps, self.counted):
            self.out.print(Text(escaped(text)))


def _interval(seconds: float) -> float:
    """Seconds until the next line of a run that has been trained for so long."""
    return min(max(_LINE_INTERVAL, seconds / 60), _LONGEST_INTERVAL)
