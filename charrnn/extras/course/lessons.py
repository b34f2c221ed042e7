"""The lessons of the course: pages in Markdown, with programs and commands that can be run."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from charrnn.errors import MissingError

_INSTALLED = Path(__file__).parent / "lessons"
_IN_A_CLONE = Path(__file__).parents[3] / "docs" / "course"
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
_PROGRAM = re.compile(r"# (\w+\.py)\n")


class Block(NamedTuple):
    """A part of a page: prose, whose `language` is empty, or what a fence encloses."""

    language: str
    text: str


@dataclass(frozen=True)
class Lesson:
    """A page of the course. Its first line is its title, below that is what it is about."""

    path: Path

    @cached_property
    def text(self) -> str:
        """The page, in Markdown."""
        return self.path.read_text("utf-8")

    @property
    def number(self) -> int:
        """From 1: the name of the file begins with it."""
        return int(self.path.stem.partition("-")[0])

    @property
    def title(self) -> str:
        """The title, without the number: 'A state'."""
        return self.text.partition("\n")[0].partition(". ")[2]

    @property
    def about(self) -> str:
        """The first sentences, on one line."""
        return " ".join(self.text.split("\n\n", 2)[1].split())

    @property
    def blocks(self) -> list[Block]:
        """The parts of the page, in order."""
        prose, language, text = 0, 1, 2
        pieces = ["", *_FENCED.split(self.text)]
        blocks = []
        for start in range(1, len(pieces), 3):
            blocks.append(Block("", pieces[start + prose]))
            if start + text < len(pieces):
                blocks.append(Block(pieces[start + language], pieces[start + text]))
        return [block for block in blocks if block.language or block.text.strip()]

    @property
    def programs(self) -> dict[str, str]:
        """The programs that the reader saves, by the names in their first lines."""
        programs = (block.text for block in self.blocks if block.language == "python")
        return {name[1]: text for text in programs if (name := _PROGRAM.match(text))}


def all_lessons() -> list[Lesson]:
    """The lessons in order. MissingError where the installation lacks them."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _IN_A_CLONE
    pages = sorted(folder.glob("[0-9]-*.md"))
    if not pages:
        raise MissingError("the lessons of the course are not installed", "Install charrnn again.")
    return [Lesson(page) for page in pages]
