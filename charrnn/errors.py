"""Errors that a user can fix: one sentence, one next step, one exit code each.

Raised where the fact is known, shown in one place (`cli.main`). Any other exception that escapes
is a bug and keeps its traceback.
"""

import errno
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

IN_COMMAND = ContextVar("IN_COMMAND", default=False)
"""Whether the command `charrnn` is running: its errors name flags, those of functions keywords."""


class CharRNNError(Exception):
    """An error that a user can fix. `message` says what is wrong, `hint` what to do next.

    A hint may have several lines.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.said = False
        """Whether another process of the same run has already shown it."""


class UsageError(CharRNNError):
    """The command line asks for something impossible."""

    exit_code = 2


class TextError(CharRNNError):
    """A text or a prepared corpus cannot be used."""

    exit_code = 3


class CheckpointError(CharRNNError):
    """A run or a checkpoint is missing, damaged or incompatible."""

    exit_code = 4


class DivergedError(CharRNNError):
    """The loss or the outputs of a network are not finite."""

    exit_code = 5


class MissingError(CharRNNError):
    """An optional package is not installed."""

    exit_code = 6


class NothingFoundError(CharRNNError):
    """All went well, and nothing that was looked for was found."""

    exit_code = 7


def check_package(name: str, work: str, extra: str, otherwise: str = "") -> None:
    """MissingError where the package that does some work is not installed. See `to_install`."""
    if find_spec(name) is None:
        message = f"{work} by the package {name}, which is not installed"
        raise MissingError(message, to_install(extra, otherwise))


def to_install(extra: str, otherwise: str = "") -> str:
    """A hint: the command that installs what an extra needs where this copy of charrnn runs.

    It names the packages themselves: charrnn is on no index, and its clone may be gone.
    `otherwise` is another way out: `, or leave it out`.
    """
    from importlib.metadata import PackageNotFoundError, requires

    try:
        listed = [each.partition(";") for each in requires("charrnn-toolkit") or []]
    except PackageNotFoundError:  # it runs from a clone that is not installed
        listed = []
    marks = f"extra == '{extra}'", f'extra == "{extra}"'
    packages = [package.strip() for package, _, when in listed if when.strip().endswith(marks)]
    packages = packages or [f"{Path(__file__).parent.parent}[{extra}]"]
    with_pip = [sys.executable, "-m", "pip", "install"]
    with_uv = ["uv", "pip", "install", "--python", sys.executable]
    command = shlex.join([*(with_pip if find_spec("pip") else with_uv), *packages])
    return f"Install it{otherwise}:\n  {command}"


class LostError(CharRNNError):
    """Another process of the run has ended, or does not answer."""

    will_restart = False
    """Whether the launcher starts all processes again."""


_NEAR = 0.74  # two letters of four changed places; less alike is a guess
_LONGEST = 80  # characters of a name that messages repeat
_PERMISSIONS = "Change its permissions, or point CHARRNN_HOME at a folder of your own."
_OCCUPIED = "Move the file that has this name, or point CHARRNN_HOME at another folder."
DISK_ERRORS = {
    errno.ENOSPC: "Free some space on that disk, or point CHARRNN_HOME at another one.",
    errno.EDQUOT: "Free some of your quota, or point CHARRNN_HOME at another disk.",
    errno.EACCES: _PERMISSIONS,
    errno.EPERM: _PERMISSIONS,
    errno.EEXIST: _OCCUPIED,
    errno.ENOTDIR: _OCCUPIED,
    errno.EROFS: "That disk is read-only: point CHARRNN_HOME at one that can be written.",
}


def from_os(error: OSError) -> CharRNNError:
    """An error of the operating system as a sentence and a next step."""
    reason = error.strerror or str(error)
    if not error.filename:  # as a rule stdout
        return CharRNNError(reason, "Check where the output goes.")
    advice = DISK_ERRORS.get(error.errno or 0, "Check the path, and try again.")
    return CharRNNError(f"{os.fspath(error.filename)}: {reason}", advice)


def near(word: str, choices: Iterable[str]) -> str | None:
    """The choice that differs from the word by a slip of the fingers, if there is one."""
    close = get_close_matches(word.lower(), list(choices), n=1, cutoff=_NEAR)
    return close[0] if close else None


@contextmanager
def enough_memory(refusal: Callable[[], CharRNNError]) -> Iterator[None]:
    """A block that raises the `refusal` where memory runs out.

    torch and its libraries say so in a RuntimeError.
    """
    said = r"(not enough|out of|allocate) memory|bad_alloc|can't start new thread"
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not re.search(said, str(error)):
            raise
        raise refusal() from None


def suggest(word: str, choices: Iterable[str], title: str = "") -> str:
    """'Did you mean lstm?' where a choice is close to the word; with a title, all choices, too.

    ('lstn', CELLS, 'Cells') -> 'Did you mean lstm? Cells: lstm, gru.'
    """
    choices = list(choices)
    close = near(word, choices)
    meant = f"Did you mean {close}?" if close else ""
    listed = f"{title}: {', '.join(choices) or 'none'}." if title else ""
    return f"{meant} {listed}".strip()


def plural(count: int, noun: str) -> str:
    """(1, 'step') -> '1 step', (1200, 'step') -> '1,200 steps'."""
    return f"{count:,} {noun if count == 1 else f'{noun}s'}"


def shortened(name: str) -> str:
    """A name in a message: whole, or the beginning of one that is too long for a line."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}... ({len(name)} characters)"


@contextmanager
def located(where: str) -> Iterator[None]:
    """A TextError in the block says where it arose: in a line, or a prompt."""
    try:
        yield
    except TextError as error:
        raise TextError(f"{where}: {error.message}", error.hint) from None
