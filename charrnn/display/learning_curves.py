"""Learning curves of runs: their points, x axes, and the runs that share a chart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from charrnn.display.charts import COLOURS, Axis, Chart, Line, Points, limits, line_style
from charrnn.display.reports import Report
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


@dataclass(frozen=True)
class RunCurves:
    """The curves of a run that was trained on a corpus. Runs of a group have the group's name."""

    run: str
    corpus: str
    curves: Curves


def styles(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The colour and the mark of each name, the same in a table and in all charts."""
    return {name: line_style(number) for number, name in enumerate(dict.fromkeys(names))}


def divided(runs: Sequence[RunCurves], together: bool) -> list[list[RunCurves]]:
    """Runs that share their axes: those on one corpus, or all if `together`.

    Bits per character and bits per byte never share an axis.
    """
    groups: dict[tuple[str, Unit], list[RunCurves]] = {}
    for run in runs:
        key = ("" if together else run.corpus, run.curves.unit)
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def corpora(runs: Sequence[RunCurves]) -> str:
    """The names of their corpora."""
    return ", ".join(dict.fromkeys(escaped(run.corpus) for run in runs))


def compares_validation(runs: Sequence[RunCurves]) -> bool:
    """Whether each has a validation curve, and one of them more than a few points of it."""
    counts = [len(run.curves.validation) for run in runs]
    return min(counts) > 1 and max(counts) > 3


def charts(runs: Sequence[RunCurves], x: X, together: bool) -> list[Chart]:
    """A chart for each corpus. A run alone shows training and validation, several show one."""
    style = styles([run.run for run in runs])
    return [
        _chart_of_run(group[0], x) if len(group) == 1 else _chart_of_runs(group, x, style)
        for group in divided(runs, together)
    ]


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
    return _chart("", lines, x, unit, note, right)


def _chart_of_run(run: RunCurves, x: X) -> Chart:
    training, validation = (
        [(X_AXES[x].value(point), point.bits) for point in points]
        for points in (run.curves.training, run.curves.validation)
    )
    note = f"{escaped(run.run)} on {escaped(run.corpus)}"
    return training_chart(training, validation, x, run.curves.unit, note)


def _chart_of_runs(runs: Sequence[RunCurves], x: X, style: dict[str, tuple[str, str]]) -> Chart:
    name = "validation" if compares_validation(runs) else "training"
    lines = [
        Line(
            escaped(run.run),
            [(X_AXES[x].value(point), point.bits) for point in getattr(run.curves, name)],
            *style[run.run],
        )
        for run in runs
    ]
    return _chart(f"{corpora(runs)}: {name}", lines, x, runs[0].curves.unit)


def _chart(
    title: str, lines: Sequence[Line], x: X, unit: Unit, note: str = "", right: float = 0.0
) -> Chart:
    """A chart of bits per unit over x, which reaches to the last point and `right` at least."""
    axis, points = X_AXES[x], [point for line in lines for point in line.points]
    shown = Axis(axis.title, 0.0, max([right, *(value for value, _ in points)]), axis.label)
    bits = Axis(f"bits per {unit}", *limits(y for _, y in points), lambda value: f"{value:.2f}")
    return Chart(title, lines, shown, bits, _ROWS, note)


def curves_report(runs: Sequence[RunCurves], x: X = "time", together: bool = False) -> Report:
    """The learning curves: a chart for each corpus, or one if `together`."""
    records = ({"run": run.run, "corpus": run.corpus, **run.curves.record()} for run in runs)
    return Report(records, (), charts(runs, x, together))
