"""Charts: curves between labelled axes, which a terminal shows in text; loss curves.

Every curve has a colour and a mark, a letter that is drawn along it, so that curves can be told
apart where there are no colours.
"""

import math
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rich.cells import cell_len
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.text import Text

from charrnn.display.console import framed
from charrnn.display.dots import Bounds, draw
from charrnn.display.wording import clock, decimal, run_on_corpus
from charrnn.events import Curves, Point, Unit

Points = Sequence[tuple[float, float]]
X = Literal["steps", "epochs", "time"]

COLOURS = ("cyan", "yellow", "green", "magenta", "red", "blue", "bright_cyan", "bright_yellow",
           "bright_green", "bright_magenta", "bright_red", "bright_blue", "white",
           "bright_black", "bright_white")  # fmt: skip
TRAINING = COLOURS[0]
MARKS = string.ascii_uppercase + string.ascii_lowercase

_ROWS = 15  # of a chart of learning curves


@dataclass(frozen=True)
class Line:
    """A curve of a chart; its `number` is that of its colour and dashes.

    Without a `mark` it is drawn in dots alone, in a picture without markers, and there it may be
    `thin`. With `upper` points it is the lower edge of a band, which a picture fills.
    """

    name: str
    points: Points
    number: int
    mark: str = ""
    thin: bool = False
    upper: Points = ()

    @property
    def colour(self) -> str:
        """The colour that Rich knows."""
        return COLOURS[self.number % len(COLOURS)]

    @property
    def key(self) -> Text:
        """Its mark and name, for a legend or a table."""
        return Text(f"{self.mark} {self.name}".lstrip(), self.colour)


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`; `label` formats its values.

    The distance between two values with a label is the first of `steps` that leaves room, or else
    1, 2 or 5 times a power of ten.
    """

    title: str
    low: float
    high: float
    label: Callable[[float], str]
    steps: Sequence[float] = ()

    def ends(self, margin: float = 0.0) -> Bounds:
        """Two ends that differ, with a margin, a part of what lies between."""
        extent = self.high - self.low
        if extent < 1e-300:  # nothing, or so little that it has no parts
            extent = max(1.0, abs(self.low))  # beside 1e17, 1 is nothing
        return self.low - margin * extent, self.low + (1 + margin) * extent

    def ticks(self, most: int) -> dict[float, str]:
        """About `most` round values on the axis, and their labels."""
        low, high = self.ends()
        least = (high - low) / most
        power = 10 ** math.floor(math.log10(least))
        step = next(s for s in (*self.steps, *(power * n for n in (1, 2, 5, 10))) if s >= least)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        return {n * step: self.label(n * step) for n in range(first, last + 1)}


@dataclass(frozen=True)
class Chart:
    """Lines, the first on top, in a frame as wide as there is room; `height` rows of dots.

    The frame is titled by what y is, after the chart's own title.
    """

    title: str
    lines: Sequence[Line]
    x: Axis
    y: Axis
    height: int
    note: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Rich's protocol: a chart can be printed."""
        keys = {line.key.plain: line.key for line in self.lines}  # runs of a group share one
        head = ", ".join(filter(None, (self.title, self.y.title)))
        parts: list[Text | Columns] = [self._plot(options.max_width - 4)]
        if len(keys) > 1:
            parts.append(Columns(keys.values(), padding=(0, 3)))
        on_frame = [cell_len(text) <= options.max_width - 6 for text in (head, self.note)]
        if not on_frame[0]:  # inside it wraps, on the frame it would be cut
            parts.insert(0, Text(head, "dim"))
        if not on_frame[1]:
            parts.append(Text(self.note, "dim"))
        yield framed(Group(*parts), head * on_frame[0], self.note * on_frame[1])

    def _plot(self, width: int) -> Text:
        """The dots, with the labels of y to the left and those of x below."""
        step = (self.y.high - self.y.low) / max(1, self.height - 1)
        labels = {row: self.y.label(self.y.high - row * step)
                  for row in (0, self.height // 2, self.height - 1)}  # fmt: skip
        if any(y > self.y.high for line in self.lines for _, y in line.points):
            labels[0] = f"≥{labels[0]}"  # what lies above is drawn there
        gutter = max(map(len, labels.values())) + 1
        columns = max(1, width - gutter)
        text = Text(no_wrap=True, overflow="crop")
        rows = draw(self.lines, columns, self.height, self.x.ends(), (self.y.low, self.y.high))
        for number, row in enumerate(rows):
            text.append(f"{labels.get(number, ''):>{gutter - 1}} ", "dim")
            for cell, owner in row:
                text.append(cell, self.lines[owner].colour if owner is not None else "")
            text.append("\n")
        return text.append(" " * gutter + self._x_labels(columns), "dim")

    def _x_labels(self, width: int) -> str:
        low, high = self.x.label(self.x.low), self.x.label(self.x.high)
        room = width - len(low) - len(high)
        if room < 1:
            return high.rjust(width)
        return low + (self.x.title if len(self.x.title) + 2 <= room else "").center(room) + high


def marked_line(number: int, name: str, points: Points = ()) -> Line:
    """Curve `number` of several, with a mark of its own."""
    return Line(name, points, number, MARKS[number % len(MARKS)])


def limits(values: Iterable[float]) -> tuple[float, float]:
    """The lowest and highest y that a chart of losses shows.

    At most twice the lowest value: otherwise the first steps would flatten all that comes later.
    """
    finite = [value for value in values if math.isfinite(value)] or [1.0]
    low = min(finite)
    return low, max(low + 0.1, min(max(finite), 2 * low))


class XAxis(NamedTuple):
    """An x axis: its title, the value of a point, the format of a value, and steps of ticks."""

    title: str
    value: Callable[[Point], float]
    label: Callable[[float], str]
    steps: Sequence[float] = ()


WHOLE = (1,)
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
            3600, 7200, 10800, 21600, 43200, 86400, 172800)  # fmt: skip

X_AXES: dict[X, XAxis] = {
    "steps": XAxis("training steps", lambda point: point.step, lambda x: f"{x:,.0f}", WHOLE),
    "epochs": XAxis("epochs", lambda point: point.epoch, decimal),
    "time": XAxis("training time", lambda point: point.seconds, clock, _SECONDS),
}


def chart_of_run(run: str, corpus: str, curves: Curves, x: X) -> Chart:
    """The training and validation curves of a run."""
    training, validation = (
        [(X_AXES[x].value(point), point.bits) for point in points]
        for points in (curves.training, curves.validation)
    )
    return training_chart(training, validation, x, curves.unit, run_on_corpus(run, corpus))


def training_chart(
    training: Points, validation: Points, x: X, unit: Unit, note: str, right: float = 0.0
) -> Chart:
    """The chart of one run, with its last values in the legend. x reaches to `right` at least."""
    lines = [
        Line(f"{name} {points[-1][1]:.3f}", points, number, name[0].upper(), thin=not number)
        for number, (name, points) in enumerate(
            [("training", training), ("validation", validation)]
        )
        if points
    ]
    return chart_of_lines("", lines, x, unit, note, right)


def chart_of_lines(
    title: str, lines: Sequence[Line], x: X, unit: Unit, note: str = "", right: float = 0.0
) -> Chart:
    """A chart of bits per unit over x, which reaches to the last point and `right` at least."""
    axis, points = X_AXES[x], [point for line in lines for point in line.points]
    right = max([right, *(value for value, _ in points)])
    shown = Axis(axis.title, 0.0, right, axis.label, axis.steps)
    bits = Axis(f"bits per {unit}", *limits(y for _, y in points), lambda value: f"{value:.2f}")
    return Chart(title, lines, shown, bits, _ROWS, note)
