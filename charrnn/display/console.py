"""Rich's consoles for stderr and stdout, a frame, and shades of a text."""

import os
import sys
from collections.abc import Iterable
from typing import Any

from rich.box import ROUNDED
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.style import Style
from rich.text import Text

from charrnn.display.stdout import escaped, on_one_line

RED, BLUE = (214, 39, 40), (31, 119, 180)
FAINT, STRONG = 0.08, 0.7  # shades below are not coloured, shades above have white letters


class _Console(Console):
    """Shows strings as they are: brackets are no markup, :smile: is no picture."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text of a string that was not made one with a style: controls as escapes."""
        return super().render_str(escaped(text), **options)

    def on_broken_pipe(self) -> None:
        """Leave it to the caller: Rich would end the program here."""
        raise BrokenPipeError


def error_console() -> Console:
    """A console on stderr, for everything that is not data."""
    return _Console(stderr=True, soft_wrap=not sys.stderr.isatty())


def output_console(*, endless: bool = False) -> Console:
    """A console on stdout, for data. Into a file or a pipe it writes UTF-8.

    There, unless COLUMNS is set, the lines of an `endless` one may have any width.
    """
    if hasattr(sys.stdout, "reconfigure"):
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="replace")
    fits = sys.stdout.isatty() or "COLUMNS" in os.environ or not endless
    return _Console(width=None if fits else sys.maxsize)


def shows_colours(out: Console) -> bool:
    """Whether colours are seen there: not in a file, and not with NO_COLOR."""
    return out.color_system is not None and not out.no_color


def print_shaded(out: Console, texts: Iterable[str], shades: Iterable[float]) -> None:
    """Print texts one after the other on a background of their shades, -1 to 1."""
    line = Text()
    for text, shade in zip(texts, shades, strict=True):
        shown = escaped(text)
        if shows_colours(out):  # a line end has its colour, too
            shown = shown.replace("\n", " \n")
        line.append(shown, shade_style(shade))
    out.print(line, end="", soft_wrap=True)


def framed(content: RenderableType, title: str, note: str = "") -> Panel:
    """The content in a frame; the `note` stands at the bottom of the frame."""
    head, foot = (Text(on_one_line(text), "dim") if text else None for text in (title, note))
    return Panel(content, title=head, title_align="left", subtitle=foot, subtitle_align="right",
                 box=ROUNDED, border_style="dim")  # fmt: skip


def shade_style(shade: float) -> Style:
    """-1 to 1 as a background from blue over nothing to red, with legible letters on it."""
    strength = min(1.0, abs(shade))
    if strength < FAINT:
        return Style.null()
    full = RED if shade > 0 else BLUE
    mixed = [round(255 + (part - 255) * strength) for part in full]
    letters = "white" if strength > STRONG else "black"
    return Style.parse(f"{letters} on rgb({mixed[0]},{mixed[1]},{mixed[2]})")
