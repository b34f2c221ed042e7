"""Charts of learning curves: of one run, and of lines over an x axis."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from charrnn.display.charts import COLOURS, Axis, Chart, Line, Points, limits
from charrnn.display.stdout import escaped
from charrnn.display.wording import clock, decimal
from charrnn.events import Curves, Point, Unit

X = Literal["steps", "epochs", "time"]
TRAINING, VALIDATION = COLOURS[:2]
_ROWS = 15


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
    return training_chart(
        training, validation, x, curves.unit, f"{escaped(run)} on {escaped(corpus)}"
    )


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
