"""Curves in a few lines of text: each character is a braille cell of 2 x 4 dots."""

from collections.abc import Iterator, Sequence

from rich.box import ROUNDED
from rich.panel import Panel
from rich.text import Text

Points = Sequence[tuple[float, float]]
Cell = tuple[str, int | None]
"""A character, and which curve it belongs to; the last one drawn wins."""

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # bit of a dot: column, then row


def draw(
    curves: Sequence[Points], width: int, height: int, right: float, low: float, high: float
) -> list[list[Cell]]:
    """The curves as `height` rows of `width` cells, x from 0 to `right`, y from `low` to `high`.

    What lies above or below is drawn at the edge.
    """
    bits = [[0] * width for _ in range(height)]
    owner: list[list[int | None]] = [[None] * width for _ in range(height)]
    for number, points in enumerate(curves):
        for column, row in _dots(points, width * 2, height * 4, right, low, high):
            x, y = column // 2, row // 4
            bits[y][x] |= _DOTS[column % 2][row % 4]
            owner[y][x] = number
    return [
        [(chr(0x2800 + b) if b else " ", o) for b, o in zip(*rows, strict=True)]
        for rows in zip(bits, owner, strict=True)
    ]


def panel(
    curves: Sequence[Points],
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
    drawn = draw(curves, *size, right or 1.0, *bounds)
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


def _dots(
    points: Points, columns: int, rows: int, right: float, low: float, high: float
) -> Iterator[tuple[int, int]]:
    """The (column, row) of every dot on the line through the points; row 0 is the top."""
    last: tuple[int, int] | None = None
    for x, y in points:
        column = min(columns - 1, max(0, round(x / right * (columns - 1))))
        share = (high - y) / (high - low) if high > low else 0.5
        row = min(rows - 1, max(0, round(share * (rows - 1))))
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
