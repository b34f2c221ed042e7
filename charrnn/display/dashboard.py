"""The live training screen: progress, learning curves and the latest sample."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from charrnn.display.charts import TRAINING, Chart, training_chart
from charrnn.display.console import framed
from charrnn.display.stdout import escaped
from charrnn.display.wording import (
    PREDICTED,
    bits_of,
    clock,
    decimal,
    other_scores,
    sentence,
    speed,
    time_left,
)
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
    Sampled,
    Started,
    Stepped,
    Unit,
)

_CHART_ROWS = 9
_MAX_POINTS = 2000  # of a curve: more than a screen can show
_MARGIN = 3  # columns that stay empty: a ^C printed by the terminal would break the last line
_MIN_BAR = 10  # columns of a bar with the gaps around it
_REFRESH = 0.1  # seconds between refreshes for progress alone


class Dashboard:
    """The state of training as a screen: call it with each event, then print `render()`.

    Messages are printed above it as they come, on the same console.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.progress: Progress | None = None
        self.stepped: Stepped | None = None
        self.evaluated: Evaluated | None = None
        self.total_steps: int | None = None
        self.unit: Unit = "character"
        self.counted = "token"
        self.training: list[tuple[int, float]] = []
        self.validation: list[tuple[int, float]] = []
        self.sample = self.ending = ""

    def __call__(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case Progress():
                self.progress = event if event.done < event.total else None
            case Prepared():
                self.print_above(sentence(event), "dim")
            case Started():
                self._start(event)
            case Curves():
                self.unit = event.unit
                self.training, self.validation = (
                    [(point.step, point.bits) for point in points[-_MAX_POINTS:]]
                    for points in (event.training, event.validation)
                )
            case Planned():
                self.total_steps = event.total_steps
            case Stepped():
                self._step(event)
            case Evaluated():
                self.evaluated = event
                self.validation.append((event.step, bits_of(event, self.unit)))
            case Sampled():
                self.sample = event.text
            case Noticed():
                self.print_above(sentence(event), "yellow")
            case Finished():
                self.ending = sentence(event, self.unit, counted=self.counted)

    def _start(self, event: Started) -> None:
        if self.ending:  # of the run before, where several are trained one after the other
            self.print_above(self.ending.partition("\n  ")[0], "")
        if event.step == 0:
            self.training, self.validation = [], []
            self.stepped, self.evaluated, self.total_steps = None, None, None
        self.sample = self.ending = ""
        self.unit, self.counted = event.unit, event.counted
        self.print_above(sentence(event), "dim")

    def _step(self, event: Stepped) -> None:
        self.stepped, curve = event, self.training
        while curve and curve[-1][0] >= event.step:  # back at an earlier checkpoint
            curve.pop()
        curve.append((event.step, bits_of(event, self.unit)))
        if len(curve) > _MAX_POINTS:
            del curve[1::2]

    def print_above(self, line: str, style: str) -> None:
        """Print a message above the screen."""
        for part in escaped(line).split("\n"):
            command = part.startswith("  charrnn")  # not wrapped, so that it can be copied
            self.console.print(Text(part, style), soft_wrap=command)

    def render(self, running: bool = True) -> RenderableType:
        """The whole screen; how it ended, in place of the progress, when no longer `running`."""
        width = self.console.width - _MARGIN
        parts: list[RenderableType] = []
        if self.progress and running:
            task, done, total = self.progress.task, self.progress.done, self.progress.total
            parts.append(_bar(task, done, total, "", width))
        if self.stepped:
            if running:
                step, total = self.stepped.step, self.total_steps or 0
                parts.append(_bar(f"step {step:,}", step, total, self.pace(self.stepped), width))
            parts.append(replace(self.chart(self.stepped), height=_CHART_ROWS))
        rows = self.console.height - _CHART_ROWS - 10  # that are left for the sample
        if self.sample and rows > 0:
            lines = "\n".join(escaped(self.sample).strip("\n").split("\n")[:rows])
            title = "predictions" if self.unit in PREDICTED else "sample"
            parts.append(framed(Text(lines, no_wrap=True, overflow="ellipsis"), title))
        screen: RenderableType = Constrain(Group(*parts), width)
        if running or not self.ending:
            return screen
        return Group(screen, Text(escaped(self.ending)))

    def pace(self, event: Stepped) -> str:
        """How fast the run is, and how long it still takes."""
        left = time_left(event, self.total_steps)
        remaining = f"{clock(left)} left" if left is not None else "estimating the time left"
        return f"{speed(event, self.unit, self.counted)}  {remaining}"

    def chart(self, event: Stepped) -> Chart:
        """The learning curves so far."""
        note = f"epoch {decimal(event.epoch)}, learning rate {event.learning_rate:.2g}"
        if self.evaluated and (others := other_scores(self.evaluated.scores)):
            note = f"{', '.join(others)}, {note}"
        points, right = (self.training, self.validation), float(self.total_steps or 0)
        return training_chart(*points, "steps", self.unit, note, right)


def _bar(before: str, done: int, total: int, after: str, width: int) -> RenderableType:
    """Progress between two texts; without the bar where there is no room for one."""
    after = f"{done / total:.0%}  {after}".rstrip() if total else after
    if len(before) + len(after) + _MIN_BAR > width:
        return Text(f"{before}  {after}")
    row = Table.grid(padding=(0, 0, 0, 2), expand=True)
    row.add_column(no_wrap=True)
    row.add_column(ratio=1)
    row.add_column(no_wrap=True)
    bar = ProgressBar(total or None, done, pulse=not total, complete_style=TRAINING)
    row.add_row(before, bar, after)
    return row


@contextmanager
def live_dashboard(console: Console) -> Iterator[Emit]:
    """A function that takes events and keeps a dashboard on the terminal up to date."""
    dashboard, refreshed = Dashboard(console), 0.0
    running = True

    def emit(event: Event) -> None:
        nonlocal refreshed
        dashboard(event)
        now = time.monotonic()
        if not isinstance(event, Progress) or not dashboard.progress or now > refreshed + _REFRESH:
            live.refresh()
            refreshed = now

    live = Live(
        console=console, auto_refresh=False, vertical_overflow="ellipsis",
        get_renderable=lambda: dashboard.render(running),
        redirect_stdout=False,  # data goes to a file or a pipe, never to the dashboard
    )  # fmt: skip
    with live:
        try:
            yield emit
        finally:
            running = False
            live.refresh()
