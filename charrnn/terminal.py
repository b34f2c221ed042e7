"""Everything a person sees. Data goes to stdout; what is here goes to stderr, scores apart.

`listen` gives the function that events are sent to: a live screen on a terminal, plain lines
elsewhere, JSON lines or nothing when asked for.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.box import ROUNDED
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from charrnn import chart
from charrnn.errors import CharRNNError
from charrnn.events import (
    Emit, Evaluated, Event, Finished, Noticed, Planned, Prepared, Progress, Sampled, Saved,
    Started, Stepped,
)  # fmt: skip

TRAIN, VALID = "cyan", "yellow"
_CHART_ROWS = 9
_LINES_APART = 10.0  # seconds between plain lines


def console() -> Console:
    """Standard error, as Rich sees it."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def show_error(error: CharRNNError) -> None:
    """One sentence, and a next step."""
    out = console()
    out.print(Text.assemble(("charrnn: error: ", "bold red"), error.message))
    if error.hint:
        out.print(Text(error.hint, "dim"))


@contextmanager
def listen(quiet: bool, as_json: bool) -> Iterator[Emit]:
    """A function that shows events as they come, in the way that suits where they go."""
    out = console()
    if as_json:
        yield _json_line
    elif quiet:
        yield lambda event: None
    elif out.is_terminal and not out.is_dumb_terminal and (out.encoding or "").startswith("utf"):
        screen = Screen(out)
        with Live(console=out, auto_refresh=False, vertical_overflow="ellipsis") as live:
            screen.live = live
            yield screen
            live.update(screen.last_look(), refresh=True)
    else:
        yield Lines(out)


def _json_line(event: Event) -> None:
    if not isinstance(event, Progress):
        print(json.dumps(event.record(), ensure_ascii=False), flush=True)


def show_scores(scores: Mapping[str, Any], as_json: bool) -> None:
    """The scores of `eval`, on stdout: an object, or a line each."""
    if as_json:
        print(json.dumps(scores, ensure_ascii=False), flush=True)
        return
    out = Console(highlight=False, soft_wrap=True)
    for name, value in scores.items():
        number = f"{value:,}" if isinstance(value, int) else str(value)
        shown = f"{value:.4f}" if isinstance(value, float) else number
        strong = "bold" if name.startswith("bits") else ""
        out.print(Text.assemble((f"{name.replace('_', ' '):<20}", "dim"), (shown, strong)))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _left(event: Stepped, planned: int | None) -> float | None:
    """Seconds to the end, at the pace so far."""
    return (planned - event.step) * event.elapsed / event.step if planned else None


def _title(event: Started) -> str:
    """What is trained on what, in one line."""
    return (
        f"{event.corpus}, {event.tokens:,} tokens of {event.vocabulary} kinds · {event.model}, "
        f"{event.parameters:,} parameters · {event.device} {event.precision}, "
        f"{event.lanes} lanes x {event.window}"
    )


def _ending(event: Finished) -> str:
    """How it went, and what to do next."""
    score = ""
    if event.bits_per_character is not None:
        score = f", best {event.bits_per_character:.3f} bits per character"
    if event.interrupted:
        how = f"Stopped and saved at step {event.step:,}{score}."
        return f"{how} Go on with: charrnn train --resume --run {event.run}"
    how = f"Trained {event.step:,} steps in {_clock(event.seconds)}{score}."
    return f"{how} Try: charrnn sample {event.run} --temp 0.8"


def _prepared(event: Prepared) -> str:
    verb = "Found" if event.reused else "Prepared"
    return f"{verb} {event.path}: {event.tokens:,} tokens of {event.vocabulary} kinds"


class Lines:
    """Events as plain lines, for a log."""

    def __init__(self, out: Console) -> None:
        self.out = out
        self.shown = 0.0
        self.planned: int | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Prepared():
                self._print(_prepared(event))
            case Started():
                self._print(f"Training {event.run}: {_title(event)}")
            case Planned():
                self.planned = event.steps
            case Stepped() if time.monotonic() - self.shown >= _LINES_APART:
                self.shown = time.monotonic()
                left = _left(event, self.planned)
                self._print(
                    f"step {event.step}{f'/{self.planned}' if self.planned else ''}"
                    f"  train {event.bits_per_character:.3f} bits per character"
                    f"  {event.characters_per_second:,.0f} characters/s"
                    + (f"  {_clock(left)} left" if left is not None else "")
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
                self._print(_ending(event))

    def _print(self, line: str) -> None:
        self.out.print(Text(line))


class Screen:
    """The training screen: progress, curves, the latest sample."""

    live: Live

    def __init__(self, out: Console) -> None:
        self.out = out
        self.task: Progress | None = None
        self.started: Started | None = None
        self.stepped: Stepped | None = None
        self.planned: int | None = None
        self.sample = ""
        self.curves: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
        self.drawn = 0.0

    def __call__(self, event: Event) -> None:
        match event:
            case Progress():
                self.task = event if event.done < event.total else None
                if event.done < event.total and time.monotonic() - self.drawn < 0.1:
                    return  # many a second, and each looks like the last
            case Prepared():
                self._say(_prepared(event), "dim")
            case Started():
                self.started = event
                self._say(f"Training {event.run}: {_title(event)}", "dim")
            case Planned():
                self.planned = event.steps
            case Stepped():
                self.stepped = event
                self.curves[0].append((event.step, event.bits_per_character))
            case Evaluated():
                self.curves[1].append((event.step, event.bits_per_character))
            case Sampled():
                self.sample = event.text
            case Noticed():
                self._say(event.message, "yellow")
            case Finished():
                self._say(_ending(event), "bold")
        self.drawn = time.monotonic()
        self.live.update(self.look(), refresh=True)

    def _say(self, line: str, style: str) -> None:
        self.live.console.print(Text(line, style))

    def last_look(self) -> RenderableType:
        """What stays on the terminal: the curves."""
        return self._chart() if self.stepped else Text()

    def look(self) -> RenderableType:
        """The whole screen."""
        parts: list[RenderableType] = []
        if self.task:
            parts.append(self._bar(self.task.task, self.task.done, self.task.total, ""))
        if self.stepped:
            left = _left(self.stepped, self.planned)
            after = f"{self.stepped.characters_per_second:,.0f} characters/s" + (
                f"  {_clock(left)} left" if left is not None else "  measuring the pace"
            )
            step = f"step {self.stepped.step:,}"
            parts += [self._bar(step, self.stepped.step, self.planned or 0, after), self._chart()]
        room = self.out.height - _CHART_ROWS - 8
        if self.sample and room > 0:
            lines = self.sample.strip("\n").split("\n")[:room]
            parts.append(Panel(Text("\n".join(lines)), title="it writes", title_align="left",
                               box=ROUNDED, border_style="dim"))  # fmt: skip
        return Group(*parts)

    def _bar(self, before: str, done: int, total: int, after: str) -> RenderableType:
        row = Table.grid(padding=(0, 2), expand=True)
        row.add_column(no_wrap=True)
        row.add_column(ratio=1)
        row.add_column(no_wrap=True)
        share = f"{done / total:.0%}  " if total else ""
        bar = ProgressBar(total or None, done, pulse=not total, complete_style=TRAIN)
        row.add_row(before, bar, f"{share}{after}")
        return row

    def _chart(self) -> RenderableType:
        train, valid = self.curves
        values = [value for _, value in train[len(train) // 50 :] + valid[1:]] or [1.0]
        low = min(values)
        high = max(low + 0.1, min(max(values), 2.2 * low))  # the first steps would dwarf the rest
        width = max(20, self.out.width - 12)
        right = self.planned or (train[-1][0] if train else 1)
        rows = chart.draw(self.curves, width, _CHART_ROWS, right, low, high)
        text = Text(no_wrap=True)
        for number, row in enumerate(rows):
            label = {0: f"{high:6.2f} ", len(rows) - 1: f"{low:6.2f} "}.get(number, " " * 7)
            text.append(label, "dim")
            for cell, owner in row:
                text.append(cell, (TRAIN, VALID)[owner] if owner is not None else "")
            text.append("\n" if number < len(rows) - 1 else "")
        now = [("bits per character  ", "dim")]
        for name, curve, style in (("training", train, TRAIN), ("validation", valid, VALID)):
            if curve:
                now.append((f"{name} {curve[-1][1]:.3f}  ", style))
        return Panel(text, title=Text.assemble(*now), title_align="left", box=ROUNDED,
                     border_style="dim")  # fmt: skip
