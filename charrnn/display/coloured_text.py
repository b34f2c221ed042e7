"""A text on the colours of its shades, as SVG."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from rich.cells import cell_len

from charrnn.display.console import BLUE, FAINT, RED, STRONG
from charrnn.display.stdout import escaped
from charrnn.display.svg import EDGE, WIDTH, document, text_element

_CELL, _ROW = 8, 20  # pixels of a letter
_COLUMNS = (WIDTH - 2 * EDGE) // _CELL

Letters = list[tuple[str, float]]
"""Characters of a row, and their shades."""


def svg_of_text(title: str, description: str, shaded: Iterable[tuple[str, float]]) -> str:
    """The texts one after the other, each on its shade, -1 to 1: as few elements as can be."""
    top, letters = 2 * _ROW, [text_element(EDGE, 22, title, "head")]
    cells: dict[float, list[str]] = {}
    for row in _rows(shaded):
        for x, width, shade, _ in _runs(row, lambda shade: shade):
            cells.setdefault(shade, []).append(f"M{x} {top}h{width}v{_ROW}h-{width}z")
        for x, width, strong, text in _runs(row, lambda shade: abs(shade) > STRONG):
            if text.strip():
                kind = "letters strong" if strong else "letters"
                letters.append(text_element(x, top + 15, text, kind, width=width))
        top += _ROW
    background = [
        '<path fill="rgb({},{},{})" '.format(*(RED if shade > 0 else BLUE))
        + f'fill-opacity="{abs(shade):g}" d="{"".join(shapes)}"/>'
        for shade, shapes in cells.items() if abs(shade) >= FAINT
    ]  # fmt: skip
    return document(title, description, "".join([*background, *letters]), top + EDGE)


def _rows(shaded: Iterable[tuple[str, float]]) -> Iterator[Letters]:
    row: Letters = []
    used = 0  # cells
    for text, shade in shaded:
        for char in escaped(text).replace("\t", "    ").replace("\n", " \n"):
            if char == "\n" or used + cell_len(char) > _COLUMNS:
                yield row
                row, used = [], 0
            if char != "\n":
                row.append((char, shade))
                used += cell_len(char)
    if row:
        yield row


def _runs(row: Letters, kind: Callable[[float], float]) -> Iterator[tuple[int, int, float, str]]:
    """Neighbours of one kind of shade: where they begin, how wide they are (pixels), their text.

    They are stretched to their cells, whatever the font.
    """
    x = EDGE
    for same, letters in groupby(row, lambda letter: kind(letter[1])):
        text = "".join(char for char, _ in letters)
        width = cell_len(text) * _CELL
        yield x, width, same, text
        x += width
