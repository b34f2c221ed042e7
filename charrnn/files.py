"""Where things lie, and how a file is written: whole, or not at all."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def home() -> Path:
    """The folder that holds `corpora/` and `checkpoints/`: CHARRNN_HOME, or the current one."""
    return Path(os.environ.get("CHARRNN_HOME") or ".")


def corpora() -> Path:
    """Where texts and prepared corpora lie."""
    return home() / "corpora"


def checkpoints() -> Path:
    """Where runs lie, one folder each."""
    return home() / "checkpoints"


def plain_name(text: str) -> str:
    """A name for a folder: letters, digits, `.`, `_` and `-`, and no more than 64 of them."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:64] or "text"


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write. It is at `path` after the block, on disk and complete, or was never there.

    Raises OSError where the disk or the permissions refuse; what was at `path` is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk does not say what it was too full for
        raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill. It is at `path` after the block, in place of what was there, or never was.

    A parent that is made for it goes again when the block fails.
    """
    new = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
    try:
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        temporary.rename(path)
        sync_folder(path.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        if new:
            with suppress(OSError):  # somebody else uses it by now
                path.parent.rmdir()
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last: a rename is on disk once its folder is."""
    if os.name == "posix":  # other systems cannot open a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
