"""Writing data to stdout: at once, as whole characters, and in silence when the reader has gone."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def piped() -> Iterator[None]:
    """A block that writes to stdout. When nobody reads it any more it ends there, and no error."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def writing() -> Iterator[Callable[[str], None]]:
    """A function that writes text as it is, flushed: UTF-8, but for a terminal of other habits.

    On a terminal the text ends with a line's end, so that the prompt has a line of its own.
    """
    terminal = sys.stdout.isatty()
    if hasattr(sys.stdout, "reconfigure"):
        encoding = None if terminal else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="replace", newline="")
    last = "\n"

    def write(text: str) -> None:
        nonlocal last
        sys.stdout.write(text)
        sys.stdout.flush()
        last = text[-1:] or last

    with piped():
        try:
            yield write
        finally:
            if terminal and last != "\n":
                print()
