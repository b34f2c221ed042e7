"""Rich's consoles for stderr and stdout, a frame, and shades of a text."""

import sys

from rich.box import ROUNDED
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.style import Style
from rich.text import Text

RED, BLUE = (214, 39, 40), (31, 119, 180)
FAINT = 0.08  # a shade below this is not coloured


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the caller: Rich would end the program here."""
        raise BrokenPipeError


def error_console() -> Console:
    """A console on stderr, for everything that is not data."""
    return _Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def output_console(*, soft_wrap: bool = False) -> Console:
    """A console on stdout, for data. Into a file or a pipe it writes UTF-8."""
    if hasattr(sys.stdout, "reconfigure"):
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="replace")
    return _Console(highlight=False, soft_wrap=soft_wrap)


def framed(content: RenderableType, title: str, note: str = "") -> Panel:
    """The content in a frame; the `note` stands at the bottom of the frame."""
    head, foot = (Text(text, "dim") if text else None for text in (title, note))
    return Panel(content, title=head, title_align="left", subtitle=foot, subtitle_align="right",
                 box=ROUNDED, border_style="dim")  # fmt: skip


def shade_style(shade: float) -> Style:
    """-1 to 1 as a background from blue over nothing to red, with legible letters on it."""
    strength = min(1.0, abs(shade))
    if strength < FAINT:
        return Style.null()
    full = RED if shade > 0 else BLUE
    mixed = [round(255 + (part - 255) * strength) for part in full]
    letters = "white" if strength > 0.7 else "black"
    return Style.parse(f"{letters} on rgb({mixed[0]},{mixed[1]},{mixed[2]})")
