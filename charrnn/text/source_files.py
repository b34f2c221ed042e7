"""The files that a source stands for: itself, a folder's files, or those of a pattern. No NumPy."""

import os
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path
from typing import NoReturn

from charrnn.errors import TextError


def source_files(source: str | Path, include: str | None) -> list[str]:
    """The files that a source names, in the order in which they are read; for stdin `-`.

    A folder stands for the files in it and in its folders, without those that are hidden, by their
    paths; `include` lists patterns of the names to read. TextError if it has none.
    """
    if source == "-":
        return ["-"]
    if os.path.isdir(source):
        return _files_below(str(source), include)
    if has_magic(str(source)) and not os.path.lexists(source):
        if found := matching(source):
            return found
        raise TextError(f"no file matches {source}", "Check the pattern and the folder.")
    return [str(source)]


def matching(source: str | Path) -> list[str]:
    """The files that a pattern names, perhaps none, without hidden ones that it does not name."""
    pattern = Path(source)
    below = pattern.relative_to(pattern.anchor)
    if below.name == "**":
        below /= "*"
    try:
        found = list(Path(pattern.anchor).glob(str(below)))  # follows no links to folders for **
    except ValueError:  # a**b
        found = []
    hidden = {part for path in found for part in path.parts if part.startswith(".")}
    hidden -= set(pattern.parts)
    files = [str(path) for path in found if not hidden & set(path.parts) and path.is_file()]
    return sorted(files)


def _files_below(folder: str, include: str | None) -> list[str]:
    """Links to folders are not followed: they may lead in a circle."""
    patterns = [pattern.strip() for pattern in include.split(",")] if include else ["*"]
    found = []

    def fail(error: OSError) -> NoReturn:
        raise unreadable(error, folder) from None

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = os.path.join(parent, name)
            included = any(fnmatchcase(name, pattern) for pattern in patterns)
            if included and not name.startswith(".") and os.path.isfile(path):
                found.append(path)
    if not found:
        matching = f" whose name matches {include}" if include else " that is not hidden"
        raise TextError(f"the folder {folder} has no file{matching}", "Check its path and content.")
    return sorted(found)


def unreadable(error: OSError, path: str | Path) -> TextError:
    """The error for a file or a folder that the system does not let us read."""
    return TextError(
        f"{error.filename or path} cannot be read: {error.strerror}",
        "Check its path and permissions.",
    )
