"""Charts in text: curves of braille dots (2 x 4 a character) between labelled axes; loss curves.

Every curve has a colour and a mark, a letter that is drawn along it, so that curves can be told
apart where there are no colours.
"""

import math
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rich.cells import cell_len
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.text import Text

from charrnn.display.console import framed
from charrnn.display.wording import clock, decimal, run_on_corpus
from charrnn.events import Curves, Point, Unit

Points = Sequence[tuple[float, float]]
X = Literal["steps", "epochs", "time"]
Cell = tuple[str, int | None]
"""A character, and the number of the curve that it belongs to."""

COLOURS = ("cyan", "yellow", "green", "magenta", "red", "blue", "bright_cyan", "bright_yellow",
           "bright_green", "bright_magenta", "bright_red", "bright_blue", "white",
           "bright_black", "bright_white")  # fmt: skip
TRAINING, VALIDATION = COLOURS[:2]
MARKS = string.ascii_uppercase + string.ascii_lowercase

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # bit of a dot: column, then row
_ROWS = 15  # of a chart of learning curves
_MARK_DISTANCE = 12  # columns between two marks of a curve


@dataclass(frozen=True)
class Line:
    """A curve of a chart. Without a `mark` it is drawn in dots alone."""

    name: str
    points: Points
    colour: str
    mark: str = ""

    @property
    def key(self) -> Text:
        """Its mark and name, for a legend or a table."""
        return Text(f"{self.mark} {self.name}".lstrip(), self.colour)


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`; `label` formats its values."""

    title: str
    low: float
    high: float
    label: Callable[[float], str]


@dataclass(frozen=True)
class Chart:
    """Lines, the first on top, in a frame as wide as there is room; `height` rows of dots.

    x starts at 0. The frame is titled by what y is, after the chart's own title.
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
        bounds = (self.x.high or 1.0, self.y.low, self.y.high)
        for number, row in enumerate(draw(self.lines, columns, self.height, *bounds)):
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


def line_style(number: int) -> tuple[str, str]:
    """The colour and the mark of curve `number` of several."""
    return COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]


def limits(values: Iterable[float]) -> tuple[float, float]:
    """The lowest and highest y that a chart of losses shows.

    At most twice the lowest value: otherwise the first steps would flatten all that comes later.
    """
    finite = [value for value in values if math.isfinite(value)] or [1.0]
    low = min(finite)
    return low, max(low + 0.1, min(max(finite), 2 * low))


def draw(
    lines: Sequence[Line], width: int, height: int, right: float, low: float, high: float
) -> list[list[Cell]]:
    """The lines as `height` rows of `width` cells, x from 0 to `right`, y from `low` to `high`.

    Values above or below are drawn at the edge, those that are not finite are left out. Where lines
    cross, the first one is on top.
    """
    bits: dict[tuple[int, int], int] = {}
    owner: dict[tuple[int, int], int] = {}
    paths: list[list[tuple[int, int]]] = [[] for _ in lines]
    for number in reversed(range(len(lines))):
        for column, row in _dots(lines[number].points, width * 2, height * 4, right, low, high):
            cell = column // 2, row // 4
            bits[cell] = bits.get(cell, 0) | _DOTS[column % 2][row % 4]
            owner[cell] = number
            paths[number].append(cell)
    shown: dict[tuple[int, int], Cell] = {
        cell: (chr(0x2800 + dots), owner[cell]) for cell, dots in bits.items()
    }
    for cell, number in _marked(paths, [line.mark for line in lines]).items():
        shown[cell] = lines[number].mark, number
    return [[shown.get((x, y), (" ", None)) for x in range(width)] for y in range(height)]


def _marked(
    paths: Sequence[Sequence[tuple[int, int]]], marks: Sequence[str]
) -> dict[tuple[int, int], int]:
    """Cells (x, y) that show a mark, and whose: at intervals, each mark in columns of its own."""
    different = list(dict.fromkeys(filter(None, marks)))
    apart = max(_MARK_DISTANCE, 2 * len(different))
    marked: dict[tuple[int, int], int] = {}
    for number, (path, mark) in enumerate(zip(paths, marks, strict=True)):
        if not mark:
            continue
        column = (2 * different.index(mark) + 1) * apart // (2 * len(different))
        by_column = {x: (x, y) for x, y in path if x % apart == column}
        free = [cell for cell in by_column.values() if cell not in marked]
        free = free or [cell for cell in path if cell not in marked][-1:]  # a short curve
        marked |= dict.fromkeys(free, number)
    return marked


def _dots(
    points: Points, columns: int, rows: int, right: float, low: float, high: float
) -> Iterator[tuple[int, int]]:
    """The (column, row) of every dot on the line through the points; row 0 is the top."""
    last: tuple[int, int] | None = None
    for x, y in points:
        if not math.isfinite(x + y):
            continue
        column = min(columns - 1, max(0, round(x / right * (columns - 1))))
        depth = (high - y) / (high - low) if high > low else 0.5
        row = min(rows - 1, max(0, round(depth * (rows - 1))))
        if last is None:
            yield column, row
        else:
            steps = max(abs(column - last[0]), abs(row - last[1]), 1)
            for i in range(1, steps + 1):
                yield (
                    last[0] + round((column - last[0]) * i / steps),
                    last[1] + round((row - last[1]) * i / steps),
                )
        last = column, row


class XAxis(NamedTuple):
    """An x axis: its title, the value of a point, and the format of a value."""

    title: str
    value: Callable[[Point], float]
    label: Callable[[float], str]


X_AXES: dict[X, XAxis] = {
    "steps": XAxis("training steps", lambda point: point.step, lambda x: f"{x:,.0f}"),
    "epochs": XAxis("epochs", lambda point: point.epoch, decimal),
    "time": XAxis("training time", lambda point: point.seconds, clock),
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
        Line(f"{name} {points[-1][1]:.3f}", points, colour, name[0].upper())
        for name, points, colour in (
            ("training", training, TRAINING),
            ("validation", validation, VALIDATION),
        )
        if points
    ]
    return chart_of_lines("", lines, x, unit, note, right)


def chart_of_lines(
    title: str, lines: Sequence[Line], x: X, unit: Unit, note: str = "", right: float = 0.0
) -> Chart:
    """A chart of bits per unit over x, which reaches to the last point and `right` at least."""
    axis, points = X_AXES[x], [point for line in lines for point in line.points]
    shown = Axis(axis.title, 0.0, max([right, *(value for value, _ in points)]), axis.label)
    bits = Axis(f"bits per {unit}", *limits(y for _, y in points), lambda value: f"{value:.2f}")
    return Chart(title, lines, shown, bits, _ROWS, note)
