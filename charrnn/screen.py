"""The training screen: what a person watches."""

import time

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from charrnn.consoles import chart_panel, framed
from charrnn.events import (
    Curves,
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
)  # fmt: skip
from charrnn.stdout import visible
from charrnn.wording import clock, ending, prepared, time_left, title

TRAIN, VALID = "cyan", "yellow"
_CHART_ROWS = 9
_POINTS = 2000
_MARGIN = 3  # columns that stay empty for a ^C, which would break the last line


class Screen:
    """The training screen: progress, curves, the latest sample."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.out = live.console
        self.task: Progress | None = None
        self.started: Started | None = None
        self.stepped: Stepped | None = None
        self.planned: int | None = None
        self.sample = ""
        self.curves: tuple[list[tuple[int, float]], list[tuple[int, float]]] = ([], [])
        self.drawn = 0.0
        self.ending = ""

    def __call__(self, event: Event) -> None:
        match event:
            case Progress():
                self.task = event if event.done < event.total else None
                if event.done < event.total and time.monotonic() - self.drawn < 0.1:
                    return  # many a second, and each looks like the last
            case Prepared():
                self._say(prepared(event), "dim")
            case Started():
                self._begin(event)
            case Curves():
                for curve, points in zip(
                    self.curves, (event.training, event.validation), strict=True
                ):
                    curve[:] = [(point.step, point.bits) for point in points[-_POINTS:]]
            case Planned():
                self.planned = event.steps
            case Stepped():
                self._step(event)
            case Evaluated():
                self.curves[1].append((event.step, event.bits_per_character))
            case Sampled():
                self.sample = event.text
            case Noticed():
                self._say(event.message, "yellow")
            case Finished():
                self.ending = ending(event)
        self.drawn = time.monotonic()
        self.live.update(self.look(), refresh=True)

    def _begin(self, event: Started) -> None:
        if event.step == 0:  # perhaps another run was shown before it
            self.curves, self.stepped, self.planned, self.sample = ([], []), None, None, ""
        self.started = event
        self._say(title(event), "dim")

    def _step(self, event: Stepped) -> None:
        self.stepped, curve = event, self.curves[0]
        while curve and curve[-1][0] >= event.step:  # the run went back
            curve.pop()
        curve.append((event.step, event.bits_per_character))
        if len(curve) > _POINTS:  # more than the screen can show
            del curve[1::2]

    def _say(self, line: str, style: str) -> None:
        self.live.console.print(Text(visible(line), style))

    def last_look(self) -> RenderableType:
        """What stays on the terminal: the curves, the last sample, and how it ended."""
        self.task = None
        return Group(
            self.look(running=False), *([Text(visible(self.ending))] if self.ending else [])
        )

    def look(self, running: bool = True) -> RenderableType:
        """The whole screen; without what moves when no longer `running`."""
        parts: list[RenderableType] = []
        if self.task:
            parts.append(self._bar(self.task.task, self.task.done, self.task.total, ""))
        if self.stepped:
            left = time_left(self.stepped, self.planned)
            after = f"{self.stepped.characters_per_second:,.0f} characters/s" + (
                f"  {clock(left)} left" if left is not None else "  measuring the pace"
            )
            step = f"step {self.stepped.step:,}"
            if running:
                parts.append(self._bar(step, self.stepped.step, self.planned or 0, after))
            parts.append(self._chart())
        room = self.out.height - _CHART_ROWS - 8
        if self.sample and room > 0:
            shown = "".join(c if c.isprintable() or c == "\n" else " " for c in self.sample)
            lines = "\n".join(shown.strip("\n").split("\n")[:room])
            parts.append(framed(Text(lines, no_wrap=True, overflow="ellipsis"), "it writes"))
        return Constrain(Group(*parts), self.out.width - _MARGIN)

    def _bar(self, before: str, done: int, total: int, after: str) -> RenderableType:
        row = Table.grid(padding=(0, 0, 0, 2), expand=True)
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
        width = max(20, self.out.width - 15)
        right = self.planned or (train[-1][0] if train else 1)
        now = [("bits per character  ", "dim")]
        for name, curve, style in (("training", train, TRAIN), ("validation", valid, VALID)):
            if curve:
                now.append((f"{name} {curve[-1][1]:.3f}  ", style))
        title, labels = Text.assemble(*now), (f"{low:.2f}", f"{high:.2f}")
        size = (width, _CHART_ROWS)
        return chart_panel(self.curves, (TRAIN, VALID), title, size, right, (low, high), labels)
