"""A lesson in the terminal: prose is laid out, commands and programs stand as they are pasted."""

import re
import sys

from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme

from charrnn.display.console import output_console
from charrnn.display.stdout import stop_at_closed_pipe, write_bytes
from charrnn.extras.course.lessons import Block, Lesson

_PICTURE = re.compile(r"!\[([^]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^]]*)\]\((?!https:)[^)]*\)")
_COLUMNS = 100  # of prose, however wide the terminal
_COLOURS = "ansi_dark"  # those of the terminal, on its own background
_STYLES = {"sh": "bold cyan", "text": "dim"}
_THEME = Theme({"markdown.code": "cyan"})  # Rich's is on black, also where a terminal is white


def print_lesson(lesson: Lesson) -> None:
    """Print a lesson; as it is, in Markdown, where stdout is no terminal."""
    if not sys.stdout.isatty():
        write_bytes(lesson.text.encode(), None)
        return
    out = output_console()
    out.push_theme(_THEME)
    with stop_at_closed_pipe():
        for block in lesson.blocks:
            if block.language:  # at the left, without a frame: what is copied can be run
                out.print("", _code(block), sep="\n", soft_wrap=True)
            else:
                prose = _LINK.sub(r"\1", _PICTURE.sub(r"(Picture: \1)", block.text))
                out.print(Markdown(prose, code_theme=_COLOURS), width=min(_COLUMNS, out.width))


def _code(block: Block) -> Text:
    if block.language == "python":
        return Syntax("", "python", theme=_COLOURS).highlight(block.text.rstrip())
    return Text(block.text.rstrip(), _STYLES.get(block.language, ""))
