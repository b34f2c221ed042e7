"""Learning curves as a picture in a file, drawn by matplotlib."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from charrnn.display.charts import X_AXES, X, XAxis, limits
from charrnn.display.figures import check_figure, write_figure
from charrnn.display.stdout import on_one_line
from charrnn.extras.comparing.show import RunCurves, corpora, divided, styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = ("-", "--", "-.", ":")
_MARKERS = "osD^vPX<>*"
_MARKERS_EACH = 8  # of a curve
_MARGIN = 0.04  # of the height, above and below the curves


def save_figure(
    path: Path | None, runs: Sequence[RunCurves], x: X = "time", together: bool = False
) -> None:
    """Draw training (thin) and validation (thick) of each run, one plot below the other.

    In a file, or as PNG on stdout. Runs on one corpus share a plot; all do if `together`. Errors as
    in `check_figure`.
    """
    check_figure(path)
    from matplotlib.figure import Figure

    groups = divided(runs, together) or [[]]
    figure = Figure(figsize=(8, 0.5 + 4.5 * len(groups)), layout="constrained")
    numbers = {name: number for number, name in enumerate(styles([run.run for run in runs]))}
    for axes, group in zip(figure.subplots(len(groups), squeeze=False)[:, 0], groups, strict=True):
        _plot(axes, group, numbers, x)
    write_figure(figure, path)


def _plot(axes: "Axes", runs: Sequence[RunCurves], numbers: dict[str, int], x: X) -> None:
    """The runs that share these axes, with what the axes show."""
    for run in runs:
        first = next(other for other in runs if other.run == run.run)
        # a place for its name in the legend: matplotlib would hide one like _x
        _plot_run(axes, run, numbers[run.run], "name" if run is first else None, X_AXES[x])
    low, high = limits(
        p.bits for run in runs for p in (*run.curves.training, *run.curves.validation)
    )
    margin = _MARGIN * (high - low)
    axes.set_ylim(low - margin, high + margin)
    axes.set_xlim(left=0)
    axes.set_xlabel("training time in seconds" if x == "time" else X_AXES[x].title)
    axes.grid(alpha=0.3)
    if runs:
        axes.set_ylabel(f"bits per {runs[0].curves.unit}")
        title = f"{corpora(runs)} (thin: training, thick: validation)"
        axes.set_title(title, fontsize="medium", parse_math=False)
        legend, names = axes.legend(), dict.fromkeys(run.run for run in runs)
        for text, name in zip(legend.get_texts(), names, strict=True):
            text.set(text=on_one_line(name), parse_math=False)


def _plot_run(axes: "Axes", run: RunCurves, number: int, label: str | None, axis: XAxis) -> None:
    """A run in a colour, with dashes and markers of its own, so that it prints well in grey."""
    color, dashes = f"C{number % 10}", _DASHES[number // 10 % len(_DASHES)]
    named = run.curves.validation or run.curves.training
    for points, thickness in ((run.curves.training, 0.7), (run.curves.validation, 2.0)):
        every = max(1, len(points) // _MARKERS_EACH)
        axes.plot(
            [axis.value(point) for point in points], [point.bits for point in points],
            color=color, linestyle=dashes, linewidth=thickness, markersize=5,
            marker=_MARKERS[number % len(_MARKERS)] if points is named else "",
            markevery=(number % every, every), label=label if points is named else None,
        )  # fmt: skip
