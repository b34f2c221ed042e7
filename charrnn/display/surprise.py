"""A text in a terminal's colours: the redder a character, the more it surprised the model."""

import os
from collections.abc import Iterable

from charrnn.display.stdout import escaped
from charrnn.errors import UsageError

_MAX_BITS = 8.0  # more surprise than this has the same colour
_LEVELS = 12
_RESET = "\x1b[0m"


def check_colors() -> None:
    """Raise UsageError where NO_COLOR is set."""
    if os.environ.get("NO_COLOR"):
        raise UsageError(
            "--show-bits shows colours, and NO_COLOR is set",
            "Unset it, or take the bits of a text as numbers from: charrnn eval --per character",
        )


def colored(pieces: Iterable[tuple[str, float]]) -> str:
    """Text and its bits, piece by piece, as one text with escape sequences."""
    parts = []
    for text, bits in pieces:
        level = round(min(bits / _MAX_BITS, 1.0) * _LEVELS)
        red = f"\x1b[48;2;{120 + 100 * level // _LEVELS};40;45m\x1b[97m" if level > 1 else ""
        for line, end in _lines(escaped(text)):
            parts.append(f"{red}{line}{_RESET}{end}" if red and line else line + end)
    return "".join(parts)


def _lines(text: str) -> list[tuple[str, str]]:
    """The lines of a text and their ends: a colour does not reach over the end of a line."""
    lines = text.split("\n")
    return [(line, "\n") for line in lines[:-1]] + [(lines[-1], "")]
