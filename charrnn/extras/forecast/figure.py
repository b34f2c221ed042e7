"""A forecast as a picture in a file, drawn by matplotlib."""

from io import BytesIO
from pathlib import Path

import numpy as np

from charrnn.display.stdout import check_stdout, write_bytes
from charrnn.errors import UsageError, check_package
from charrnn.text.tokenizers.number_scale import Values

FORMATS = ("png", "svg", "pdf")


def check_figure(path: Path | None) -> None:
    """Raise if a picture cannot be drawn there; None is stdout.

    UsageError for a name without a known ending, or a terminal; MissingError without matplotlib.
    """
    if path and _format(path) not in FORMATS:
        hint = f"Take a name that ends in .{', .'.join(FORMATS)}."
        raise UsageError(f"{path} is not the name of a picture", hint)
    check_package("matplotlib", "pictures are drawn", "plot", ", or leave the file out")
    if path is None:
        check_stdout(json=False)


def _format(path: Path | None) -> str:
    return path.suffix.removeprefix(".").lower() if path else FORMATS[0]


def save_figure(path: Path | None, known: Values, quantiles: Values, title: str) -> None:
    """Draw the last numbers (K,), then the low end, median and high end (3, N) of what follows.

    In a file, or as PNG on stdout.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    steps = np.arange(1, quantiles.shape[1] + 1)
    low, median, high = quantiles
    axes.plot(np.arange(1 - len(known), 1), known, color="black", linewidth=1, label="known")
    axes.plot(steps, median, color="C0", label="median")
    axes.fill_between(steps, low, high, color="C0", alpha=0.25, label="interval of 80 %")
    axes.set_xlabel("steps after the end")
    axes.set_title(title, fontsize="medium", parse_math=False)
    axes.grid(alpha=0.3)
    axes.legend()
    data = BytesIO()
    figure.savefig(data, format=_format(path), dpi=150)
    write_bytes(data.getvalue(), path)
