"""Pictures of charts that matplotlib draws, in a file or on stdout."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

from charrnn.display.stdout import check_stdout, write_bytes
from charrnn.errors import UsageError, check_package

FORMATS = ("png", "svg", "pdf")


def check_figure(path: Path | None) -> None:
    """Raise if a picture cannot be drawn there; None is stdout.

    UsageError for a name without a known ending, or a terminal; MissingError without matplotlib.
    """
    if path and _format(path) not in FORMATS:
        hint = f"Take a name that ends in .{', .'.join(FORMATS)}."
        raise UsageError(f"{path} is not the name of a picture", hint)
    otherwise = ", or leave the file out for a chart here"
    check_package("matplotlib", "pictures are drawn", "plot", otherwise)
    if path is None:
        check_stdout(json=False)


def _format(path: Path | None) -> str:
    return path.suffix.removeprefix(".").lower() if path else FORMATS[0]


def write_figure(figure: Any, path: Path | None) -> None:
    """Write a `Figure` of matplotlib's to a file, or as PNG to stdout."""
    data = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a name in letters that its font lacks
        figure.savefig(data, format=_format(path), dpi=150)
    write_bytes(data.getvalue(), path)
