"""Where files are kept, and how they are written: completely, or not at all."""

import errno
import os
import re
import shutil
import stat
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_ATTEMPTS = 20  # to replace a file that is being read
_DEVICES = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)(\.|$)", re.IGNORECASE)  # on Windows
_ABANDONED = 7 * 86400.0  # seconds after which nobody still writes a temporary folder


def home() -> Path:
    """The folder that holds `corpora/` and `checkpoints/`: CHARRNN_HOME, or the current one."""
    return Path(os.environ.get("CHARRNN_HOME") or ".")


def corpora() -> Path:
    """The folder of texts and prepared corpora."""
    return home() / "corpora"


def checkpoints() -> Path:
    """The folder of runs, one folder each."""
    return home() / "checkpoints"


def open_regular(path: str | Path, most: int = 1 << 62) -> BinaryIO:
    """A file to read that somebody else named or made: it is never waited for, nor without an end.

    OSError unless it is a regular file of `most` bytes at most; ValueError for a name with NUL.
    """
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115  (the caller closes it; Path.open takes no opener)
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode) and status.st_size <= most:
        return file
    file.close()
    if stat.S_ISREG(status.st_mode):
        raise OSError(errno.EFBIG, f"it has more than {most >> 20:,} MB", str(path))
    raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for its writer


def is_url(name: str | Path) -> bool:
    """Whether a file is named by where it is on the web."""
    return bool(re.match(r"https?://[^/]", str(name), re.IGNORECASE))


def plain_name(text: str) -> str:
    """A name for a folder on any system: at most 64 letters, digits, `.`, `_` and `-`."""
    name = re.sub(r"[^\w.-]+", "-", text).strip("-.")
    if _DEVICES.match(name):
        name = f"text-{name}"
    return name[:64].strip("-.") or "text"


def corpus_folders() -> list[Path]:
    """The folders of the prepared corpora."""
    return sorted(path.parent for path in corpora().glob("*-????????/corpus.json"))


def short_names(folders: list[Path]) -> list[str]:
    """The names of corpora without the digest where one has that name, else with it."""
    short = [folder.name.rsplit("-", 1)[0] for folder in folders]
    count = Counter(short)
    return [
        name if count[name] == 1 else folder.name
        for name, folder in zip(short, folders, strict=True)
    ]


@contextmanager
def atomic_write(
    path: Path, keep: int = 1, proof: Callable[[Path], object] | None = None
) -> Iterator[BinaryIO]:
    """A file to write. It is at `path` after the block, complete and on disk, or was never there.

    `proof` reads the new file back and raises an error if it cannot: then the old file stays.
    `keep` is the number of versions that stay, the new one included: see `versions`.

    OSError where the disk or the permissions refuse; what is at `path` is then complete, and except
    after a failed rename it is the old file.
    """
    if path.exists() and not path.is_file():  # never replace a device, a pipe or a folder
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as file:  # "x": never write through a link with that name
            yield file
            file.flush()
            os.fsync(file.fileno())
            if proof and hasattr(os, "posix_fadvise"):  # so that `proof` reads from the disk
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if proof:
            proof(temporary)
        _shift_versions(path, keep)
        _replace(temporary, path)
        sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # ENOSPC from write() has no file name
        raise


def _replace(path: Path, target: Path) -> None:
    """Rename a file. PermissionError after a second: on Windows readers of the target refuse it."""
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            os.replace(path, target)
        except PermissionError:
            if not attempts_left:
                raise
            time.sleep(1 / _ATTEMPTS)
        else:
            return


def versions(path: Path) -> list[Path]:
    """The file and its existing older versions, newest first: `model.1.safetensors` and so on."""
    existing = [path]
    while (older := _version(path, len(existing))).is_file():
        existing.append(older)
    return existing


def _version(path: Path, number: int) -> Path:
    return path.with_suffix(f".{number}{path.suffix}") if number else path


def _shift_versions(path: Path, keep: int) -> None:
    """Rename every version to the next older, drop those beyond `keep`. `path` itself stays."""
    count = len(versions(path)) if path.is_file() else 0
    for number in range(count - 1, 0, -1):
        if number + 1 < keep:
            _replace(_version(path, number), _version(path, number + 1))
        elif number >= keep:
            _version(path, number).unlink()
    if count and keep > 1:
        copy = path.with_name(f".{path.name}.{os.getpid()}.1.tmp")
        copy.unlink(missing_ok=True)
        try:
            try:
                os.link(path, copy)
            except OSError:  # a file system without hard links
                shutil.copyfile(path, copy)
            _replace(copy, _version(path, 1))
        except BaseException:
            copy.unlink(missing_ok=True)
            raise


def remove_temporary_files(folder: Path) -> None:
    """Remove what killed processes left half written. Only where no other process writes."""
    for left in folder.glob(".*.tmp"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def atomic_folder(path: Path, usable: Callable[[Path], bool]) -> Iterator[Path]:
    """A folder to fill. After the block it is at `path`; if the block fails, nothing has changed.

    A folder that is `usable` when the block ends stays: another process has made it meanwhile, and
    may be reading it. One that is not is replaced. A parent made for `path` is removed on failure.
    """
    new_parent = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path.parent)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
    new = temporary / "new"
    try:
        new.mkdir()
        yield new
        if path.is_dir() and not usable(path):
            with suppress(FileNotFoundError):  # another process has just replaced it
                path.rename(temporary / "old")
        try:
            new.rename(path)
        except OSError:  # the folder of another process is there
            if not path.is_dir():
                raise
        sync_folder(path.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        if new_parent:
            with suppress(OSError):  # other processes may have put files there
                path.parent.rmdir()
        raise
    shutil.rmtree(temporary, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove the temporary folders of processes that were killed long ago."""
    for left in folder.glob(".*.tmp"):
        with suppress(FileNotFoundError):  # its process has just finished
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def size_on_disk(path: Path) -> int:
    """Bytes of a file, or of the files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def remove(path: Path) -> None:
    """Remove a file, or a folder: at once under its name, so that it is never there in part."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    _remove_abandoned(path.parent)  # of a process that was killed while it removed
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    path.rename(temporary)
    sync_folder(path.parent)
    shutil.rmtree(temporary)


def sync_folder(folder: Path) -> None:
    """Flush a folder to disk, so that the renames in it survive a power failure."""
    with suppress(PermissionError):  # Windows opens no folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
