"""Charts as pictures, in a file or on stdout: SVG, or what matplotlib draws."""

import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn.display.stdout import on_one_line, write_bytes
from charrnn.errors import UsageError, check_package

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from charrnn.display.charts import Chart

FORMATS = ("svg", "png", "pdf")
_MARKERS = "os^Dv<>"  # as in the SVG


def check_figure(path: Path) -> None:
    """Raise if a picture cannot be drawn there.

    UsageError for a name without a known ending, MissingError without matplotlib where that draws.
    """
    ending = _format(path)
    if ending not in FORMATS:
        hint = f"Take a name that ends in .{', .'.join(FORMATS)}."
        raise UsageError(f"{path} is not the name of a picture", hint)
    if ending != FORMATS[0]:
        otherwise = ", or take a name that ends in .svg, which needs no package"
        check_package("matplotlib", f".{ending} is drawn", "plot", otherwise)


def _format(path: Path | None) -> str:
    return path.suffix.removeprefix(".").lower() if path else FORMATS[0]


def write_figure(charts: "Sequence[Chart]", path: Path | None) -> None:
    """Draw charts below each other in a file that `check_figure` allows, or as SVG on stdout."""
    if _format(path) == FORMATS[0]:
        from charrnn.display.svg import svg_of

        write_bytes(svg_of(charts).encode(), path)
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.5 + 4.5 * len(charts)), layout="constrained")
    for axes, chart in zip(figure.subplots(len(charts), squeeze=False)[:, 0], charts, strict=True):
        _plot(axes, chart)
    data = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a name in letters that its font lacks
        figure.savefig(data, format=_format(path), dpi=150)
    write_bytes(data.getvalue(), path)


def _plot(axes: "Axes", chart: "Chart") -> None:
    """A chart on axes of matplotlib's, with the colours, dashes and markers of the SVG."""
    from charrnn.display.svg import DASHES, MARGIN, MARKERS_EACH, PALETTE

    keys: dict[str, Any] = {}
    for number, line in enumerate(chart.lines):
        x, y = ([point[n] for point in line.points] for n in range(2))
        color, thick = PALETTE[line.number % len(PALETTE)], bool(line.mark) and not line.thin
        if line.upper:
            drawn: Any = axes.fill_between(x, y, [y for _, y in line.upper], color=color, alpha=0.2)
        else:
            every = max(1, len(x) // MARKERS_EACH)
            dashes = DASHES[line.number // len(PALETTE) % len(DASHES)]
            (drawn,) = axes.plot(
                x, y, color=color, linewidth=2 if thick else 0.7, linestyle=(0, dashes),
                marker=_MARKERS[line.number % len(_MARKERS)] if thick else "", markersize=5,
                markevery=(line.number % every, every), zorder=2 + thick - number / 1000,
            )  # fmt: skip
        keys.setdefault(on_one_line(line.name), drawn)
    axes.set(xlim=chart.x.ends(), ylim=chart.y.ends(MARGIN))
    axes.set(xlabel=chart.x.title, ylabel=chart.y.title)
    for axis, ticks in ((axes.xaxis, chart.x.ticks(8)), (axes.yaxis, chart.y.ticks(6))):
        axis.set_ticks([*ticks], [*ticks.values()])
    axes.grid(alpha=0.3)
    title = ", ".join(filter(None, (chart.title, chart.note)))
    axes.set_title(on_one_line(title), fontsize="medium", parse_math=False)
    if keys:  # names after their places: matplotlib would hide one like _x
        legend = axes.legend(keys.values(), ["name"] * len(keys))
        for text, name in zip(legend.get_texts(), keys, strict=True):
            text.set(text=name, parse_math=False)
