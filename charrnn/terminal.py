"""Everything a person sees. Data goes to stdout; what is here goes to stderr, scores apart.

`listen` gives the function that events are sent to: a live screen on a terminal, plain lines
elsewhere, JSON lines or nothing when asked for.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from charrnn.consoles import console, output
from charrnn.errors import CharRNNError
from charrnn.events import (
    Curves,
    Emit,
    Evaluated,
    Event,
    Finished,
    Noticed,
    Planned,
    Prepared,
    Progress,
    Started,
    Stepped,
)  # fmt: skip
from charrnn.screen import Screen
from charrnn.stdout import piped, visible
from charrnn.wording import clock, ending, prepared, time_left, title

_LINES_APART = 10.0  # seconds between plain lines


def show_error(error: CharRNNError) -> None:
    """One sentence, and a next step."""
    out = console()
    with suppress(OSError):  # nobody reads it; the exit code still tells
        out.print(Text.assemble(("charrnn: error: ", "bold red"), _line(error.message)))
        if error.hint:
            out.print(Text(_line(error.hint), "dim"))


def _line(text: str) -> str:
    """A name may hold a line's end, too."""
    return visible(text).replace("\n", "\\n")


@contextmanager
def listen(quiet: bool, as_json: bool) -> Iterator[Emit]:
    """A function that shows events as they come, in the way that suits where they go."""
    out = console()
    if as_json:
        yield _kept_up(_json_line)
    elif quiet:
        yield lambda _: None
    elif out.is_terminal and not out.is_dumb_terminal and (out.encoding or "").startswith("utf"):
        with Live(console=out, auto_refresh=False, vertical_overflow="ellipsis") as live:
            screen = Screen(live)
            try:
                yield _kept_up(screen)
            finally:
                live.update(screen.last_look(), refresh=True)
    else:
        yield _kept_up(Lines(out))


def note(event: Event) -> None:
    """Show one event, as a line."""
    Lines(console())(event)


@contextmanager
def aside() -> Iterator[Emit]:
    """As `listen`, where data is written meanwhile: shown if that goes somewhere else."""
    with listen(quiet=sys.stdout.isatty() or not sys.stderr.isatty(), as_json=False) as show:
        yield show


def _kept_up(show: Emit) -> Emit:
    """The same until it fails: that nobody listens any more is no reason to stop the work."""
    failed = False

    def emit(event: Event) -> None:
        nonlocal failed
        if not failed:
            try:
                show(event)
            except OSError:
                failed = True

    return emit


def _json_line(event: Event) -> None:
    if not isinstance(event, Progress | Curves):
        with piped():
            print(json.dumps(event.record()), flush=True)


def show_scores(scores: Mapping[str, Any], as_json: bool) -> None:
    """The scores of `eval`, on stdout: an object, or a line each."""
    with piped():
        _print_scores(scores, as_json)


def _print_scores(scores: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(scores), flush=True)
        return
    out = output(soft_wrap=True)
    for name, value in scores.items():
        number = f"{value:,}" if isinstance(value, int) else str(value)
        shown = f"{value:.4f}" if isinstance(value, float) else number
        strong = "bold" if name.startswith("bits") else ""
        out.print(Text.assemble((f"{name.replace('_', ' '):<20}", "dim"), (visible(shown), strong)))


class Lines:
    """Events as plain lines, for a log."""

    def __init__(self, out: Console) -> None:
        self.out = out
        self.shown = 0.0
        self.planned: int | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Prepared():
                self._print(prepared(event))
            case Started():
                self.planned = None  # perhaps another run was told of before it
                self._print(title(event))
            case Planned():
                self.planned = event.steps
            case Stepped() if time.monotonic() - self.shown >= _LINES_APART:
                self.shown = time.monotonic()
                left = time_left(event, self.planned)
                self._print(
                    f"step {event.step}{f'/{self.planned}' if self.planned else ''}"
                    f"  train {event.bits_per_character:.3f} bits per character"
                    f"  {event.characters_per_second:,.0f} characters/s"
                    + (f"  {clock(left)} left" if left is not None else "")
                )
            case Evaluated():
                mark = "  best so far" if event.best else ""
                self._print(
                    f"step {event.step}  valid {event.bits_per_character:.3f}"
                    f" bits per character{mark}"
                )
            case Noticed():
                self._print(event.message)
            case Finished():
                self._print(ending(event))

    def _print(self, line: str) -> None:
        self.out.print(Text(visible(line)))
