"""Prompts for `charrnn sample`: one from a flag, a file or stdin; or many, a line each."""

import io
import json
import os
import queue
import stat
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Noticed
from charrnn.settings import SampleSettings
from charrnn.text.source_files import MARK, open_source, read_whole
from charrnn.values import unescaped

if TYPE_CHECKING:
    from charrnn.text.tokenizers import Tokenizer

_TOGETHER = 64  # prompts answered at once, at most
_SHORT = 1 << 13  # bytes: short lines are read together until they have so many
_PATIENCE = 2.0  # seconds in which a text begins to come from a pipe
_PROMPT, _LINE = 1 << 24, 1 << 20  # bytes of a prompt and of a line: a file may have no end


def interpreted(name: str, text: str) -> str:
    """The value of a flag with its escapes interpreted. UsageError names the flag."""
    try:
        return unescaped(text)
    except ValueError:
        raise UsageError(
            f"{name} {text!r} has an escape that does not exist",
            r"Write \n, \t, \xe9 or \u00e9, and \\ for a backslash; or leave --escapes out.",
        ) from None


def with_opening(
    run: str | None, opening: str | None, settings: SampleSettings
) -> tuple[str | None, SampleSettings]:
    """The run and the settings with the text to continue: the second argument, or a single one.

    Words with white space are no run's name. UsageError for a text beside a prompt.
    """
    if run and not opening and any(map(str.isspace, run)) and not os.path.exists(run):
        run, opening = None, run
    if opening is None:
        return run, settings
    if settings.prompt is not None:
        raise UsageError("the text to continue is given twice", "Leave --prompt or TEXT out.")
    return run, settings.with_chosen(prompt=opening)


def with_prompt(
    settings: SampleSettings,
    tokenizer: "Tokenizer",
    emit: Emit,
    *,
    file: str | None,
    keep_newline: bool,
    escapes: bool,
) -> SampleSettings:
    """The settings with the prompt that is read, and escapes interpreted: as the flags say."""
    source = file or ("-" if settings.prompt == "-" else None)
    prompt, stop = settings.prompt, settings.stop
    if escapes:
        prompt = interpreted("--prompt", prompt) if prompt and not source else prompt
        stop = tuple(interpreted("--stop", text) for text in stop)
    if source:
        prompt = read_prompt(source, keep_newline)
    if prompt and settings.unknown != "error":
        from charrnn.text.unknown import known_text

        prompt, lacking = known_text(prompt, tokenizer, settings.unknown)
        if told := lacking.sentences(settings.unknown):
            emit(Noticed(told))
    return settings.with_chosen(prompt=prompt, stop=stop)


def stdin_has_text(emit: Emit) -> bool:
    """Whether stdin is a file that nobody has read from, or a pipe from which something comes.

    A loop of a shell (`while read`) has read a part of its file, and needs the rest. A pipe that
    stays open and silent, as those of some services do, is left alone, with a notice.
    """
    try:
        descriptor = sys.stdin.fileno()
    except io.UnsupportedOperation:  # not a file of the system
        return True
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.lseek(descriptor, 0, os.SEEK_CUR) == 0
    if os.name != "posix" or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return False
    from select import select

    comes, _, _ = select([descriptor], [], [], _PATIENCE)
    if not comes:
        emit(Noticed("Nothing comes from stdin: no text is continued. --prompt - waits for one."))
    return bool(comes)


def read_prompt(source: str, keep_newline: bool) -> str:
    """All of a file, or of stdin for `-`, without its last line end. TextError."""
    with open_source(source) as file:
        data = read_whole(file, source, _PROMPT)
    prompt = data.decode("utf-8", "surrogateescape").removeprefix(MARK)
    return prompt if keep_newline else _without_line_end(prompt)


def read_prompts(source: str) -> Iterator[list[str]]:
    """The prompts in a file, or stdin for `-`, as they come: lists of those that are there.

    Each is a line, or a JSON object with `prompt` if the first line is one. TextError names a line
    that is not; the prompts before it come first.
    """
    number, as_json = 0, False
    for lines in read_lines(source):
        prompts: list[str] = []
        for text in lines:
            number += 1
            if number == 1:
                as_json = text.lstrip().startswith("{")
            if as_json and not text.strip():
                continue
            try:
                prompts.append(_prompt_in(text, number) if as_json else text)
            except TextError:
                yield prompts
                raise
        yield prompts


def read_lines(source: str, most_short: int = 0) -> Iterator[list[str]]:
    """The lines of a file, or of stdin for `-`, without their ends, as they come.

    Up to 64 at once, or up to `most_short` where they are short. TextError names a line that is too
    long; the lines before it come first.
    """
    number = 0
    with open_source(source) as file:
        for lines in _batches(_own_reader(file), most_short):
            too_long = len(lines[-1]) > _LINE
            texts = [
                _without_line_end(line.decode("utf-8", "surrogateescape"))
                for line in (lines[:-1] if too_long else lines)
            ]
            if texts and not number:
                texts[0] = texts[0].removeprefix(MARK)
            number += len(lines)
            yield texts
            if too_long:
                raise TextError(f"line {number} is longer than {_LINE >> 20} MB", "Shorten it.")


def _batches(file: BinaryIO, most_short: int) -> Iterator[list[bytes]]:
    """Lines as they come: all that can be read without waiting, up to a number of them. OSError.

    A line that is too long is cut, and the last.
    """
    lines: queue.Queue[bytes | None] = queue.Queue(4 * _TOGETHER)
    failures: list[OSError] = []

    def fill() -> None:
        try:
            while line := file.readline(_LINE + 1):
                lines.put(line)
                if len(line) > _LINE:
                    break
        except OSError as error:
            failures.append(error)
        lines.put(None)

    threading.Thread(target=fill, daemon=True).start()
    ended = False
    while not ended and (line := lines.get()) is not None:
        batch, size = [line], len(line)
        while not lines.empty() and not ended:
            if len(batch) >= max(_TOGETHER, most_short * (size < _SHORT)):
                break
            more = lines.get()
            if more is None:
                ended = True
            else:
                batch.append(more)
                size += len(more)
        yield batch
    if failures:
        raise failures[0]


def _without_line_end(text: str) -> str:
    """A line without its end, of Unix or of Windows."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def _own_reader(file: BinaryIO) -> BinaryIO:
    """A second reader of the file: the shared one must not be locked when the program ends."""
    try:
        return open(file.fileno(), "rb", closefd=False)
    except io.UnsupportedOperation:  # not a file of the system
        return file


def _prompt_in(line: str, number: int) -> str:
    """The prompt of a JSON object. TextError if there is none."""
    try:
        prompt = json.loads(line)["prompt"]
        prompt.encode("utf-8", "surrogateescape")  # half a surrogate pair has no meaning
    except (AttributeError, ValueError, LookupError, TypeError, RecursionError):
        prompt = None
    if not isinstance(prompt, str):
        raise TextError(
            f"line {number} of the prompts is not a JSON object with a prompt",
            'Write {"prompt": "To be"} on each line, or plain prompts on all.',
        )
    return prompt
