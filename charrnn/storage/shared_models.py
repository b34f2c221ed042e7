"""Models that are named by where they are on the web.

checkpoints/.downloads/1f0b52c73a9e4d10/model.safetensors   of each URL the file
"""

from contextlib import suppress
from pathlib import Path

from charrnn.errors import CheckpointError, TextError
from charrnn.events import Emit, Noticed
from charrnn.files import checkpoints
from charrnn.storage.container import UNREADABLE, read_metadata
from charrnn.text.downloads import PAUSES, Most, download, folder_of

_MOST = Most(bytes=4e9, seconds=3600)


def fetched_model(url: str, emit: Emit) -> Path:
    """The file of a model on the web, downloaded the first time, and whole by its own checksum.

    CheckpointError if it cannot be had, or is not a model; then nothing of it stays.
    """
    path = checkpoints() / ".downloads" / folder_of(url) / "model.safetensors"
    if path.is_file() and _problem(path) is None:  # one that is damaged is downloaded again
        emit(Noticed(f"Using the copy in {path.parent}: remove that to download it again."))
        return path

    def prove(downloaded: Path) -> None:
        if problem := _problem(downloaded):
            raise CheckpointError(
                f"{url} is not a model of charrnn: {problem}",
                "Try again, or name the address of a model.safetensors itself, not of its page.",
            )

    try:
        download(url, "", path, emit, PAUSES, _MOST, prove)
    except TextError as error:
        message = error.message if url in error.message else f"{url}: {error.message}"
        hint = "Try again; or download it with another program and name the file."
        raise CheckpointError(message, hint) from None
    finally:
        with suppress(OSError):  # it is not empty, or another process has removed it
            path.parent.rmdir()
    return path


def _problem(path: Path) -> Exception | None:
    """What is wrong with the file of a model; None if it is whole."""
    try:
        read_metadata(path)
    except OSError:
        raise
    except UNREADABLE as error:
        return error
    return None
