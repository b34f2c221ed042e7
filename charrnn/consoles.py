"""Rich as the rest of the program needs it: consoles for stderr and for data on stdout, frames."""

import sys
from collections.abc import Sequence

from rich.box import ROUNDED
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from charrnn import chart


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the program here."""
        raise BrokenPipeError


def console() -> Console:
    """Standard error, as Rich sees it."""
    return _Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def output(*, soft_wrap: bool = False) -> Console:
    """Standard output, as Rich sees it: UTF-8, unless it is a terminal of other habits."""
    if hasattr(sys.stdout, "reconfigure"):
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="replace")
    return _Console(highlight=False, soft_wrap=soft_wrap)


def chart_panel(
    curves: Sequence[chart.Points],
    colours: Sequence[str],
    title: str | Text,
    size: tuple[int, int],
    right: float,
    bounds: tuple[float, float],
    labels: tuple[str, str],
) -> Panel:
    """The curves, each in its colour, `size` cells wide and high, in a frame.

    x goes from 0 to `right`, and y over the `bounds`, low and high, which are called by the
    `labels`.
    """
    drawn = chart.draw(curves, *size, right or 1.0, *bounds)
    text = Text(no_wrap=True)
    for number, row in enumerate(drawn):
        label = {0: labels[1], len(drawn) - 1: labels[0]}.get(number, "")
        text.append(f"{label:>6} ", "dim")
        for cell, owner in row:
            text.append(cell, colours[owner] if owner is not None else "")
        text.append("\n" if number < len(drawn) - 1 else "")
    return framed(text, title)


def framed(content: Text, title: str | Text) -> Panel:
    """A text in the frame that all have."""
    return Panel(content, title=title, title_align="left", box=ROUNDED, border_style="dim")
