"""A lesson in the terminal: prose is laid out, commands and programs stand as they are pasted."""

import re
import sys

from rich.markdown import Markdown
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from charrnn.display.console import output_console
from charrnn.display.stdout import stop_at_closed_pipe
from charrnn.extras.course.lessons import Block, Lesson

_PICTURE, _LINK = (
    re.compile(r"!\[([^]]*)\]\([^)]*\)"),
    re.compile(r"\[([^]]*)\]\((?!https:)[^)]*\)"),
)
_COLUMNS = 100  # of prose, however wide the terminal
_STYLES = {"sh": "bold cyan", "text": "dim"}


def print_lesson(lesson: Lesson) -> None:
    """Print a lesson; as it is, in Markdown, where stdout is no terminal."""
    out = output_console()
    with stop_at_closed_pipe():
        if not sys.stdout.isatty():
            sys.stdout.write(lesson.text)
            return
        for block in lesson.blocks:
            if block.language:  # at the left, without a frame: what is copied can be run
                out.print(Padding("", 0), _code(block), soft_wrap=True)
            else:
                prose = _LINK.sub(r"\1", _PICTURE.sub(r"(Picture: \1)", block.text))
                out.print(Markdown(prose), width=min(_COLUMNS, out.width))


def _code(block: Block) -> Text:
    if block.language == "python":
        return Syntax("", "python", theme="ansi_dark").highlight(block.text)
    return Text(block.text, _STYLES.get(block.language, ""))
