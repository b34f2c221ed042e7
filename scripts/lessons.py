"""Run the lessons of the course as they are written: `python -m scripts.lessons [N...] [--write]`.

Each runs in an empty folder with its programs; what its commands print is compared with the blocks
below them, which --write replaces, and the pictures that they draw are copied to docs/course. A
test does the same.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from charrnn.extras.course.lessons import Block, Lesson, all_lessons

Shell = Callable[[str, Path], str]
"""Runs commands in a folder, and returns what they print. Errors of its own."""

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_SPEED = re.compile(r"\d+:\d\d|\d{1,3}(,\d{3})+")
_DOWNLOADED = Path("corpora", "catalog")
"""Texts that need not be downloaded again, in the current folder."""
_TOLERANCE = 0.05  # of what has been trained: sums are rounded otherwise on another machine


def bash(commands: str, folder: Path) -> str:
    """What commands print. CalledProcessError where one fails."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=folder, check=True, text=True,
        stdout=subprocess.PIPE, env={**os.environ, "PATH": path, "COLUMNS": "200"},
    )  # fmt: skip
    return done.stdout


class Run(NamedTuple):
    """Commands of a page, what they printed, and what the page shows below them, if anything."""

    commands: str
    printed: str
    shown: str | None


def runs_of(lesson: Lesson, folder: Path, shell: Shell = bash) -> Iterator[Run]:
    """Run the commands of a lesson in a folder, block after block."""
    for name, program in lesson.programs.items():
        (folder / name).write_text(program, "utf-8")
    for block, below in pairwise([*lesson.blocks, Block("", "")]):
        if block.language == "sh":
            lines = shell(block.text, folder).splitlines()
            printed = "".join(f"{line.rstrip()}\n" for line in lines)
            yield Run(block.text, printed, below.text if below.language == "text" else None)


def differences(shown: str, printed: str) -> list[str]:
    """The lines in which a block is not what was printed: other words, or numbers far off."""
    pairs = zip(shown.splitlines(), printed.splitlines(), strict=False)
    lines = [f"{ours} != {theirs}" for ours, theirs in pairs if not _alike(ours, theirs)]
    if len(shown.splitlines()) != len(printed.splitlines()):
        lines.append(f"other lines: {printed}")
    return lines


def _alike(ours: str, theirs: str) -> bool:
    ours, theirs = (re.sub(r"\s+", " ", _SPEED.sub("SPEED", text)) for text in (ours, theirs))
    words = [NUMBER.sub("NUMBER", text) for text in (ours, theirs)]
    numbers = zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=False)
    return words[0] == words[1] and all(_near(*pair) for pair in numbers)


def _near(ours: str, theirs: str) -> bool:
    last_digit = 10.0 ** -len(ours.partition("e")[0].partition(".")[2])
    return abs(float(ours) - float(theirs)) <= max(
        1.5 * last_digit * ("." in ours), _TOLERANCE * abs(float(ours))
    )


def check(lesson: Lesson, write: bool) -> bool:
    """Run a lesson, and print how long it takes, and where the page is wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder, text, wrong = Path(name), lesson.text, list[str]()
        if _DOWNLOADED.is_dir():
            shutil.copytree(_DOWNLOADED, folder / _DOWNLOADED)
        start = time.monotonic()
        for commands, printed, shown in runs_of(lesson, folder):
            if shown is not None:
                wrong += differences(shown, printed)
                before = f"```sh\n{commands}```\n\n```text\n"
                text = text.replace(f"{before}{shown}```", f"{before}{printed}```")
        print(f"lesson {lesson.number}: {time.monotonic() - start:.0f} s", *wrong, sep="\n  ")
        if write:
            lesson.path.write_text(text, "utf-8")
            for picture in re.findall(r"!\[[^]]*\]\((\w+\.svg)\)", text):
                shutil.copy(folder / picture, lesson.path.parent / picture)
    return not wrong


def main() -> None:
    """Run the lessons that are named, or all. Exit code 1 if a page is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int)
    parser.add_argument("--write", action="store_true", help="correct the pages")
    given = parser.parse_args()
    chosen = [one for one in all_lessons() if one.number in (given.numbers or [one.number])]
    results = [check(lesson, given.write) for lesson in chosen]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
