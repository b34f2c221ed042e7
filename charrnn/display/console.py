"""Rich's consoles for stderr and stdout, and the frame that everything framed has."""

import sys

from rich.box import ROUNDED
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.text import Text


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
