"""A message of the command line in the words of a Python program: keyword arguments for flags.

Errors and hints are written once, as whoever types a command reads them. Where a Python program
has called, `in_python` rewords them:

>>> print(in_python("Add --tokenizer byte, or leave --min-count out."))
Add tokenizer="byte", or leave min_count out.
>>> print(in_python("To resume it: charrnn train --resume --run tale"))
To resume it: charrnn.resume("tale")
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, get_args

from charrnn.settings import ModelSettings, SampleSettings, TextSettings, TrainSettings

_NAMES = {"from": "base"}
"""Names of flags that mean something else in Python."""
_COMMAND = re.compile(r"(^ *|: )charrnn (\w+)([^;\n]*?)(?=\.?$|;)", re.MULTILINE)
_FLAG = re.compile(r"--([a-z][a-z-]*)(?:[ =](\"[^\"]*\"|[^\s,;()]*[^\s,;:().?]))?")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_VALUE = re.compile(r"[A-Z]+|\".*\"|\S*\d\S*|line|file")
"""What follows a flag that takes any text, and is its value: not `out` in "leave --field out"."""


def in_python(message: str) -> str:
    """The message with calls in place of commands, and `name="value"` in place of flags."""
    return _FLAG.sub(_keyword, _COMMAND.sub(_call, message))


def _keyword(match: re.Match[str]) -> str:
    """A flag in a sentence, with the value or the other word that follows it."""
    name, word = _name(match[1]), match[2]
    if not word:
        return name
    is_value = word in _choices().get(name, ()) or _VALUE.fullmatch(word)
    return f"{name}={_literal(word)}" if is_value else f"{name} {word}"


def _call(match: re.Match[str]) -> str:
    """A whole command; as it is where no function does the same."""
    before, command, words = match.groups()
    try:
        arguments, settings = _parsed(shlex.split(words))
    except ValueError:  # a name with a quote in it
        return match[0]
    model = f"charrnn.load({', '.join(arguments[:1])})"
    called = {
        "train": "charrnn.train",
        "prepare": "charrnn.prepare",
        "sample": f"{model}.sample",
        "predict": f"{model}.predict",
        "eval": f"{model}.score_file" if '"FILE"' in arguments else f"{model}.score",
    }.get(command)
    if not called:
        return match[0]
    if called.startswith(model):
        arguments = ["[...]"] if command == "predict" else arguments[1:]
    if settings.pop("resume", None):
        called = "charrnn.resume"
        settings |= zip(["corpus"], arguments, strict=False)
        arguments = [settings.pop("run")] if "run" in settings else []
    given = [*arguments, *(f"{name}={value}" for name, value in settings.items())]
    return f"{before}{called}({', '.join(given)})"


def _parsed(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The arguments of a command, and its flags by their names in Python: code of their values."""
    arguments: list[str] = []
    settings: dict[str, str] = {}
    left = [*words]
    while left:
        word = left.pop(0)
        if not word.startswith("--"):
            arguments.append(_literal(word))
        elif left and not left[0].startswith("--"):
            settings[_name(word[2:])] = _literal(left.pop(0))
        else:
            settings[_name(word[2:])] = "True"
    return arguments, settings


def _name(flag: str) -> str:
    return _NAMES.get(flag, flag.replace("-", "_"))


def _literal(value: str) -> str:
    bare = value.strip('"')
    return value if _NUMBER.fullmatch(value) else f'"{bare}"'


@cache
def _choices() -> Mapping[str, Sequence[str]]:
    """The words that each setting may be, by its name; among them those of its help."""
    kinds = (ModelSettings, TrainSettings, TextSettings, SampleSettings)
    return {field.name: [*texts_in(field.type)] for kind in kinds for field in fields(kind)}


def texts_in(kind: Any) -> Iterator[str]:
    """The texts in a type: the choices of its literals, and what annotates it."""
    for part in get_args(kind):
        if isinstance(part, str):
            yield part
        yield from texts_in(part)
