"""Properties of a text, character by character, that a unit of a network may follow."""

from collections.abc import Callable
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]

_PREFIXES = "bfruBFRU"  # of a string in Python


def quoted(text: str) -> Values:
    """Whether a string or a speech is open after each character: "a", 'a', or three of either.

    A quote after a letter is an apostrophe, and a single quote ends with its line at the latest.
    """
    inside = np.zeros(len(text), np.float32)
    opened, skip = "", 0
    for where, character in enumerate(text):
        if skip:
            skip -= 1
        elif opened:
            if character == "\\":
                skip = 1
            elif text.startswith(opened, where):
                opened, skip = "", len(opened) - 1
            elif character == "\n" and opened == "'":
                opened = ""
        elif character in "\"'" and not _is_apostrophe(text, where):
            opened = character * (3 if text.startswith(character * 3, where) else 1)
            skip = len(opened) - 1
        inside[where] = bool(opened)
    return inside


def _is_apostrophe(text: str, where: int) -> bool:
    before = text[max(0, where - 2) : where]
    string = before[-1:] in _PREFIXES and not before[:-1].isalnum()
    return before[-1:].isalnum() and not (before and string)


def bracketed(text: str) -> Values:
    """Whether a bracket is open."""
    return _running(text, lambda n, c: max(0, n + (c in "([{") - (c in ")]}"))).clip(max=1)


def column(text: str) -> Values:
    """Characters since the beginning of the line."""
    return _running(text, lambda n, c: 0 if c == "\n" else n + 1)


def indented(text: str) -> Values:
    """Spaces at the beginning of the line, so far."""
    indents, spaces, ended = np.zeros(len(text), np.float32), 0, False
    for where, character in enumerate(text):
        if character == "\n":
            spaces, ended = 0, False
        elif character == " " and not ended:
            spaces += 1
        else:
            ended = True
        indents[where] = spaces
    return indents


def commented(text: str) -> Values:
    """Whether the line has a # before or at each character."""
    return _running(text, lambda n, c: int(c == "#" or (n and c != "\n")))


def _running(text: str, step: Callable[[int, str], int]) -> Values:
    """The number (N,) after each character, by the number before it, which begins with 0."""
    return np.array([*accumulate(text, step, initial=0)][1:], np.float32)


def _each(test: Callable[[str], bool]) -> Callable[[str], Values]:
    return lambda text: np.array([test(character) for character in text], np.float32)


PROPERTIES: dict[str, Callable[[str], Values]] = {
    "inside quotes": quoted,
    "inside brackets": bracketed,
    "in a comment (#)": commented,
    "position in the line": column,
    "indentation": indented,
    "after a newline": _each(lambda character: character == "\n"),
    "after a space": _each(lambda character: character == " "),
    "in a word": _each(str.isalpha),
    "after a capital": _each(str.isupper),
    "after a digit": _each(str.isdigit),
}
"""By name: text of N characters -> the value (N,) after each character."""
