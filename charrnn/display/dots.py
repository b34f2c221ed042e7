"""Curves in text: of braille dots, 2 x 4 a character, with marks along them."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charrnn.display.charts import Line, Points

Bounds = tuple[float, float]
Cell = tuple[str, int | None]
"""A character, and the number of the curve that it belongs to."""

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # bit of a dot: column, then row
_MARK_DISTANCE = 12  # columns between two marks of a curve


def draw(
    lines: "Sequence[Line]", width: int, height: int, x: Bounds, y: Bounds
) -> list[list[Cell]]:
    """The lines as `height` rows of `width` cells, between the lowest and highest x and y.

    Values above or below are drawn at the edge, those that are not finite are left out. Where lines
    cross, the first one is on top.
    """
    bits: dict[tuple[int, int], int] = {}
    owner: dict[tuple[int, int], int] = {}
    paths: list[list[tuple[int, int]]] = [[] for _ in lines]
    for number in reversed(range(len(lines))):
        for edge in (lines[number].points, lines[number].upper):
            for column, row in _dots(edge, width * 2, height * 4, x, y):
                cell = column // 2, row // 4
                bits[cell] = bits.get(cell, 0) | _DOTS[column % 2][row % 4]
                owner[cell] = number
                paths[number].append(cell)
    shown: dict[tuple[int, int], Cell] = {
        cell: (chr(0x2800 + dots), owner[cell]) for cell, dots in bits.items()
    }
    for cell, number in _marked(paths, [line.mark for line in lines]).items():
        shown[cell] = lines[number].mark, number
    return [[shown.get((i, j), (" ", None)) for i in range(width)] for j in range(height)]


def _marked(
    paths: Sequence[Sequence[tuple[int, int]]], marks: Sequence[str]
) -> dict[tuple[int, int], int]:
    """Cells (x, y) that show a mark, and whose: at intervals, each mark in columns of its own."""
    different = list(dict.fromkeys(filter(None, marks)))
    apart = max(_MARK_DISTANCE, 2 * len(different))
    marked: dict[tuple[int, int], int] = {}
    for number, (path, mark) in enumerate(zip(paths, marks, strict=True)):
        if not mark:
            continue
        column = (2 * different.index(mark) + 1) * apart // (2 * len(different))
        by_column = {x: (x, y) for x, y in path if x % apart == column}
        free = [cell for cell in by_column.values() if cell not in marked]
        free = free or [cell for cell in path if cell not in marked][-1:]  # a short curve
        marked |= dict.fromkeys(free, number)
    return marked


def _dots(
    points: "Points", columns: int, rows: int, horizontal: Bounds, vertical: Bounds
) -> Iterator[tuple[int, int]]:
    """The (column, row) of every dot on the line through the points; row 0 is the top."""
    last: tuple[int, int] | None = None
    (left, right), (low, high) = horizontal, vertical
    for x, y in points:
        if not math.isfinite(x + y):
            continue
        column = min(columns - 1, max(0, round((x - left) / (right - left) * (columns - 1))))
        depth = (high - y) / (high - low) if high > low else 0.5
        row = min(rows - 1, max(0, round(depth * (rows - 1))))
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
