"""The files that a source stands for, and how they are opened. Imports no NumPy.

A source is a file, a folder, a pattern of file names, or `-` for stdin.
"""

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path
from typing import BinaryIO, NoReturn

from charrnn.errors import TextError
from charrnn.files import checkpoints, corpora

_OURS = {"corpus.json", "tokens.bin"}, {"model.safetensors", "metrics.jsonl"}

MARK = "\ufeff"
"""The byte order mark, which may stand before a text."""


def source_files(source: str | Path, include: str | None) -> list[str]:
    """The files that a source names, in the order in which they are read; for stdin `-`.

    A folder stands for the files in it and in its folders, without those that are hidden and those
    of charrnn, by their paths; `include` lists patterns of the names to read. TextError if it has
    none.
    """
    if source == "-":
        return ["-"]
    if os.path.isdir(source):
        return _files_below(str(source), include)
    if has_magic(str(source)) and not os.path.lexists(source):
        if files := matching(source):
            return files
        raise TextError(f"no file matches {source}", "Check the pattern and the folder.")
    return [str(source)]


def matching(source: str | Path) -> list[str]:
    """The files that match a pattern, perhaps none. Hidden ones match only where it names them."""
    pattern = Path(source)
    below = pattern.relative_to(pattern.anchor)
    if below.name == "**":
        below /= "*"
    try:
        paths = list(Path(pattern.anchor).glob(str(below)))  # follows no links to folders for **
    except ValueError:  # a**b
        paths = []
    hidden = {part for path in paths for part in path.parts if part.startswith(".")}
    hidden -= set(pattern.parts)
    return sorted(str(path) for path in paths if not hidden & set(path.parts) and path.is_file())


def _files_below(folder: str, include: str | None) -> list[str]:
    """Links to folders are not followed: they may lead in a circle."""
    patterns = [pattern.strip() for pattern in include.split(",")] if include else ["*"]
    files = []

    def fail(error: OSError) -> NoReturn:
        raise unreadable(error, folder) from None

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [
            name
            for name in folders
            if not (name.startswith(".") or _is_ours(os.path.join(parent, name)))
        ]
        for name in names:
            path = os.path.join(parent, name)
            included = any(fnmatchcase(name, pattern) for pattern in patterns)
            if included and not name.startswith(".") and os.path.isfile(path):
                files.append(path)
    if not files:
        missing = f" whose name matches {include}" if include else " that is not hidden"
        raise TextError(f"the folder {folder} has no file{missing}", "Check its path and content.")
    return sorted(files)


def shown_name(source: str | Path) -> str:
    """What messages call a source: its path, or stdin."""
    return "stdin" if source == "-" else str(source)


def _is_ours(folder: str) -> bool:
    """Whether a folder holds runs, prepared corpora or their files, not texts of a person."""
    if os.path.realpath(folder) in map(os.path.realpath, (corpora(), checkpoints())):
        return True
    return any(all(os.path.isfile(os.path.join(folder, n)) for n in names) for names in _OURS)


@contextmanager
def open_source(path: str | Path) -> Iterator[BinaryIO]:
    """The bytes of a file, or of stdin for `-`. TextError for a device, or if it fails."""
    if path == "-":
        _refuse_device(sys.stdin.buffer, "stdin")
        yield sys.stdin.buffer
        return
    try:
        file = open(path, "rb")  # noqa: SIM115  (closed below; Path.open is slower)
    except (FileNotFoundError, ValueError):  # a name with NUL
        raise TextError(f"there is no file {path}", "Check the path.") from None
    except OSError as error:
        raise unreadable(error, path) from None
    with file:
        _refuse_device(file, path)
        yield file


def _refuse_device(file: BinaryIO, name: str | Path) -> None:
    """TextError for a device such as /dev/zero, which has no end; terminals and pipes have one."""
    with suppress(io.UnsupportedOperation):  # not a file of the system
        status = os.fstat(file.fileno())
        is_device = stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)
        is_null = is_device and status.st_rdev == os.stat(os.devnull).st_rdev
        if is_device and not is_null and not file.isatty():
            raise TextError(f"{name} is a device, not a text", "Name a file, or - for stdin.")


def read_whole(file: BinaryIO, name: str | Path, most: int) -> bytes:
    """All that is left in an open file. TextError for more than `most` bytes: it may be endless."""
    try:
        data = file.read(most + 1)
    except OSError as error:  # a folder
        raise unreadable(error, name) from None
    if len(data) > most:
        raise TextError(
            f"{shown_name(name)} has more than {most >> 20} MB",
            "So much is not read at once: name a smaller file, or a part of it.",
        )
    return data


def unreadable(error: OSError, path: str | Path) -> TextError:
    """The error for a file or a folder that the system does not let us read."""
    return TextError(
        f"{error.filename or path} cannot be read: {error.strerror}",
        "Check its path and permissions.",
    )
