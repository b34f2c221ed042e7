"""Prompts for `charrnn sample`: one from a flag, a file or stdin; or many, a line each."""

import io
import json
import queue
import threading
from collections.abc import Iterator
from typing import BinaryIO

from charrnn.errors import TextError, UsageError
from charrnn.values import unescaped

_TOGETHER = 64  # prompts answered at once, at most


def interpreted(name: str, text: str) -> str:
    """The value of a flag with its escapes interpreted. UsageError names the flag."""
    try:
        return unescaped(text)
    except ValueError:
        raise UsageError(
            f"{name} {text!r} has an escape that does not exist",
            r"Write \n, \t, \xe9 or \u00e9, and \\ for a backslash; or leave --escapes out.",
        ) from None


def read_prompt(source: str, keep_newline: bool) -> str:
    """All of a file, or of stdin for `-`, without its last line end. TextError."""
    from charrnn.text.source import open_source  # which loads NumPy

    with open_source(source) as file:
        prompt = file.read().decode("utf-8", "surrogateescape")
    if keep_newline:
        return prompt
    return prompt.removesuffix("\n").removesuffix("\r") if prompt.endswith("\n") else prompt


def read_prompts(source: str) -> Iterator[list[str]]:
    """The prompts in a file, or stdin for `-`, as they come: lists of those that are there.

    Each is a line, or a JSON object with `prompt` if the first line is one. TextError names a line
    that is not.
    """
    from charrnn.text.source import open_source

    lines: queue.Queue[bytes | None] = queue.Queue(4 * _TOGETHER)

    failures: list[OSError] = []

    def fill(file: BinaryIO) -> None:
        try:
            for line in file:
                lines.put(line)
        except OSError as error:
            failures.append(error)
        lines.put(None)

    with open_source(source) as file:
        threading.Thread(target=fill, args=(_own_reader(file),), daemon=True).start()
        number, as_json = 0, False
        line = lines.get()
        while line is not None:
            prompts: list[str] = []
            while line is not None:
                number += 1
                as_json = as_json or (number == 1 and line.lstrip().startswith(b"{"))
                try:
                    prompts.append(_prompt_of(line, number, as_json))
                except TextError:
                    yield prompts  # those before it are answered
                    raise
                if len(prompts) == _TOGETHER or lines.empty():
                    break
                line = lines.get()
            yield prompts
            line = lines.get() if line is not None else None
        if failures:
            raise failures[0]


def _own_reader(file: BinaryIO) -> BinaryIO:
    """A reader of the same file: one that others use must not be locked when the program ends."""
    try:
        return open(file.fileno(), "rb", closefd=False)
    except io.UnsupportedOperation:  # not a file of the system
        return file


def _prompt_of(line: bytes, number: int, as_json: bool) -> str:
    text = line.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
    if not as_json:
        return text
    try:
        prompt = json.loads(text)["prompt"]
        prompt.encode("utf-8", "surrogateescape")  # half a surrogate pair has no meaning
    except (AttributeError, ValueError, LookupError, TypeError, RecursionError):
        prompt = None
    if not isinstance(prompt, str):
        raise TextError(
            f"line {number} of the prompts is not a JSON object with a prompt",
            'Write {"prompt": "To be"} on each line, or plain prompts on all.',
        )
    return prompt
