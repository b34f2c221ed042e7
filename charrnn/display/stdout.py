"""Writing data to stdout: at once, as whole characters, and silently once the pipe is closed."""

import errno
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from charrnn.errors import UsageError
from charrnn.files import atomic_write


@contextmanager
def stop_at_closed_pipe() -> Iterator[None]:
    """A block that writes to stdout, and ends without an error when the pipe is closed."""
    try:
        yield
    except OSError as error:
        # Windows says EINVAL for it, which elsewhere is an error like any other
        einval = error.errno == errno.EINVAL and not error.filename and sys.platform == "win32"
        if not (isinstance(error, BrokenPipeError) or einval):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# What a terminal obeys instead of showing it: controls, and marks that turn the order of a line.
_CONTROLS = [n for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in "\t\n"]
_DIRECTIONS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_ESCAPES = {n: chr(n).encode("unicode_escape").decode() for n in (*_CONTROLS, *_DIRECTIONS)}
# Bytes that are not UTF-8, as PEP 383 smuggles them through str.
_ESCAPES |= {0xDC00 + byte: f"\\x{byte:x}" for byte in range(0x80, 0x100)}


def escaped(text: str) -> str:
    r"""The text with escapes, such as \x1b, for controls and stray bytes."""
    return text.translate(_ESCAPES)


def on_one_line(text: str) -> str:
    r"""The same with escapes for line ends and tabs, too: a file's name may contain them."""
    return escaped(text).replace("\n", "\\n").replace("\t", "\\t")


def filled(page: str, parts: Mapping[str, str]) -> str:
    """The page with a part in place of its name in braces: {{title}}.

    All at once: a part that has another's name in braces keeps it.
    """
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], page)


def json_in_page(data: Any) -> str:
    """JSON in ASCII that cannot end the script it stands in."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def json_line(record: Mapping[str, Any]) -> str:
    """The record as JSON on one line, with null for numbers that are not finite: JSON has none."""
    try:
        return json.dumps(record, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(record))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextmanager
def stdout_writer(*, raw: bool = False) -> Iterator[Callable[[str], None]]:
    """A function that writes text to stdout and flushes it.

    Into a pipe or file text goes as UTF-8, and lone surrogates (PEP 383) become the bytes that they
    stand for. On a terminal controls are escaped unless `raw`, and a line end is added if the text
    lacks one, so that the prompt stands on a line of its own.
    """
    terminal = sys.stdout.isatty()
    if hasattr(sys.stdout, "reconfigure"):
        encoding = None if terminal else "utf-8"
        errors = "replace" if terminal else "surrogateescape"
        sys.stdout.reconfigure(encoding=encoding, errors=errors, newline="")
    last, held = "\n", ""  # held: a carriage return, which a line feed may follow

    def write(text: str) -> None:
        nonlocal last, held
        if terminal and not raw:
            text, held = held + text, ""
            if text.endswith("\r"):
                text, held = text[:-1], "\r"
            text = "\r\n".join(map(escaped, text.split("\r\n")))
        sys.stdout.write(text)
        sys.stdout.flush()
        last = text[-1:] or last

    with stop_at_closed_pipe():
        try:
            yield write
        finally:
            if terminal:
                sys.stdout.write(escaped(held))
                if last != "\n" or held:
                    print()


def check_stdout(json: bool) -> None:
    """Raise UsageError where stdout cannot take a binary file."""
    if json:
        raise UsageError("stdout cannot take both the file and --json", "Name a file: -o OUT.")
    if sys.stdout.isatty():
        raise UsageError(
            "a terminal cannot show a binary file",
            "Name a file, -o OUT, or send stdout into a pipe.",
        )


def write_bytes(data: bytes, path: Path | None) -> None:
    """Write a file whole, or not at all; None: to stdout, silently if the pipe is closed."""
    if path is None:
        with stop_at_closed_pipe():
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    else:
        with atomic_write(path) as file:
            file.write(data)
