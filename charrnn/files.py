"""Where things lie, and how a file is written: whole, or not at all."""

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_STALE = 7 * 86400.0  # seconds


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
def whole(
    path: Path, keep: int = 1, proof: Callable[[Path], object] | None = None
) -> Iterator[BinaryIO]:
    """A file to write. It is at `path` after the block, on disk and complete, or was never there.

    `proof` raises an error if what was written cannot be read again: then it does not take the
    place of what was there. `keep` counts the versions of the file that stay, the new one and
    those before it: see `versions`.

    Raises OSError where the disk or the permissions refuse; what is at `path` is then whole, and as
    a rule what was there before.
    """
    if path.exists() and not path.is_file():  # a device, a pipe or a folder is not to be replaced
        raise OSError(errno.EINVAL, "it is no file that could be written", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as file:  # never through a link that somebody left there
            yield file
            file.flush()
            os.fsync(file.fileno())
            if proof and hasattr(os, "posix_fadvise"):  # to read from the disk, and not from memory
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if proof:
            proof(temporary)
        _age(path, keep)
        os.replace(temporary, path)
        sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk does not say what it was too full for
        raise


def versions(path: Path) -> list[Path]:
    """The file and the versions before it, `model.1.safetensors` and so on, that are there."""
    found = [path]
    while (older := _version(path, len(found))).is_file():
        found.append(older)
    return found


def _version(path: Path, number: int) -> Path:
    return path.with_suffix(f".{number}{path.suffix}") if number else path


def _age(path: Path, keep: int) -> None:
    """Make every version one older, and drop those beyond `keep`. At no moment is `path` gone."""
    there = len(versions(path)) if path.is_file() else 0
    for number in range(there - 1, 0, -1):
        if number + 1 < keep:
            os.replace(_version(path, number), _version(path, number + 1))
        elif number >= keep:
            _version(path, number).unlink()
    if there and keep > 1:
        aged = path.with_name(f".{path.name}.{os.getpid()}.1.tmp")
        aged.unlink(missing_ok=True)
        try:
            try:
                os.link(path, aged)
            except OSError:  # not every disk can
                shutil.copyfile(path, aged)
            os.replace(aged, _version(path, 1))
        except BaseException:
            aged.unlink(missing_ok=True)
            raise


def sweep(folder: Path) -> None:
    """Remove what a killed process was in the middle of writing. Only where nobody else writes."""
    for left in folder.glob(".*.tmp"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill. It is at `path` after the block, in place of what was there, or never was.

    Where another process has put the same there meanwhile, that one stays. A parent that is made
    for it goes again when the block fails.
    """
    new = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(".*.tmp"):  # of a process that was killed, surely, by now
        if time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
    try:
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        try:
            temporary.rename(path)
        except OSError:
            if not path.is_dir():
                raise
            shutil.rmtree(temporary)
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
