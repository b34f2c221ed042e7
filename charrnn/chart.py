"""Curves in a few lines of text: each character is a braille cell of 2 x 4 dots."""

from collections.abc import Iterator, Sequence

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
