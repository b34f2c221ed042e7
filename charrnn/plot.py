"""Curves as a picture in a file, by matplotlib."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from charrnn.errors import MissingError, UsageError
from charrnn.events import Curves
from charrnn.files import whole

FORMATS = ("png", "svg", "pdf")


def check(path: Path) -> None:
    """Whether a picture can be drawn there, to be asked before hours are spent on what it shows.

    UsageError for a name that ends in no format, MissingError without matplotlib.
    """
    if path.suffix.removeprefix(".").lower() not in FORMATS:
        raise UsageError(f"{path} is no picture", f"Let its name end in .{', .'.join(FORMATS)}.")
    if find_spec("matplotlib") is None:
        raise MissingError(
            "pictures are drawn by matplotlib, which is not installed",
            "pip install 'charrnn-toolkit[plot]', or leave the file out for a chart here.",
        )


def picture(path: Path, runs: Mapping[str, Curves]) -> None:
    """Training (thin) and validation (thick) of each run, over the seconds that it has trained.

    Errors as in `check`.
    """
    check(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for number, (name, run) in enumerate(runs.items()):
        colour, style = f"C{number % 10}", ("-", "--", ":")[number // 10 % 3]
        thin = None if run.validation else name
        for points, wide, label in ((run.training, 0.6, thin), (run.validation, 2.0, name)):
            if points:
                x, y = [point.seconds for point in points], [point.bits for point in points]
                axes.plot(x, y, color=colour, linestyle=style, linewidth=wide, label=label)
    shown = [run.validation or run.training[len(run.training) // 10 :] for run in runs.values()]
    bits = sorted(point.bits for points in shown for point in points)
    if bits:
        lowest = min(bits[0], *(point.bits for run in runs.values() for point in run.training))
        axes.set_ylim(0.97 * lowest, min(1.5 * bits[0], 1.03 * bits[-1]))
        axes.legend()
    axes.set(xlabel="seconds of training", ylabel="bits per character (thick: validation)")
    axes.grid(alpha=0.3)
    with whole(path) as file:
        figure.savefig(file, format=path.suffix.removeprefix(".").lower(), dpi=150)
