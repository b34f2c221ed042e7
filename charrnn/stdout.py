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


# What a terminal obeys in place of showing: controls, and marks that turn the order of a line.
_CONTROLS = [n for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in "\t\n"]
_TURNS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_ESCAPED = {n: chr(n).encode("unicode_escape").decode() for n in (*_CONTROLS, *_TURNS)}
_ESCAPED |= {0xDC00 + byte: f"\\x{byte:x}" for byte in range(0x80, 0x100)}  # no UTF-8 (PEP 383)


def visible(text: str) -> str:
    r"""The text with escapes, such as \x1b, for what is obeyed or no text; tabs and lines stay."""
    return text.translate(_ESCAPED)


class _Visible:
    """A stream of text made visible. The line ends of Windows stay, too."""

    def __init__(self) -> None:
        self.held = ""  # half of one, perhaps

    def __call__(self, text: str) -> str:
        text, self.held = self.held + text, ""
        if text.endswith("\r"):
            text, self.held = text[:-1], "\r"
        return "\r\n".join(map(visible, text.split("\r\n")))


@contextmanager
def writing(*, raw: bool = False) -> Iterator[Callable[[str], None]]:
    """A function that writes text as it is, flushed: UTF-8, but for a terminal of other habits.

    Bytes that are no UTF-8, which travel as lone surrogates, become bytes again in a pipe.
    On a terminal the text ends with a line's end, so that the prompt has a line of its own, and
    unless `raw` what the terminal would obey is escaped.
    """
    terminal = sys.stdout.isatty()
    if hasattr(sys.stdout, "reconfigure"):
        encoding = None if terminal else "utf-8"
        errors = "replace" if terminal else "surrogateescape"
        sys.stdout.reconfigure(encoding=encoding, errors=errors, newline="")
    last, shown = "\n", _Visible()

    def write(text: str) -> None:
        nonlocal last
        if terminal and not raw:
            text = shown(text)
        sys.stdout.write(text)
        sys.stdout.flush()
        last = text[-1:] or last

    with piped():
        try:
            yield write
        finally:
            if terminal:
                sys.stdout.write(visible(shown.held))
                if last != "\n" or shown.held:
                    print()
