"""Errors a person can act on: one sentence, one next step, one exit code each.

Raised where the fact is known, shown in one place (`cli.main`). Anything else that escapes is a bug
and keeps its traceback.
"""

import errno
import os
from collections.abc import Iterable
from difflib import get_close_matches


class CharRNNError(Exception):
    """Something a person can mend. `message` says what is wrong, `hint` what to do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CharRNNError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class TextError(CharRNNError):
    """A text or a prepared corpus cannot be used."""

    exit_code = 3


class CheckpointError(CharRNNError):
    """A run or a checkpoint is missing, damaged or does not fit."""

    exit_code = 4


class DivergedError(CharRNNError):
    """Training ran off to infinity."""

    exit_code = 5


class MissingError(CharRNNError):
    """A package is not installed that only some do without."""

    exit_code = 6


_IN_THE_WAY = "Something is in the way there: move it, or point CHARRNN_HOME at another folder."
DISK_ERRORS = {
    errno.ENOSPC: "Free some space on that disk, or point CHARRNN_HOME at another one.",
    errno.EDQUOT: "Free some of your quota, or point CHARRNN_HOME at another disk.",
    errno.EACCES: "Change its permissions, or point CHARRNN_HOME at a folder that is yours.",
    errno.EPERM: "Change its permissions, or point CHARRNN_HOME at a folder that is yours.",
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EROFS: "That disk is read-only: point CHARRNN_HOME at one that is not.",
}


def from_os(error: OSError) -> CharRNNError:
    """What the operating system refused, as a sentence and a next step."""
    reason = error.strerror or str(error)
    where = f"{os.fspath(error.filename)}: " if error.filename else ""
    advice = DISK_ERRORS.get(error.errno or 0, "Check the path, and try again.")
    if not where:  # stdout, as a rule
        advice = "Look at where the output goes."
    return CharRNNError(f"{where}{reason}", advice)


def suggest(word: str, choices: Iterable[str]) -> str:
    """'Did you mean lstm?' where one of the choices is close to the word, else nothing."""
    close = get_close_matches(word, list(choices), n=1)
    return f"Did you mean {close[0]}?" if close else ""
