"""Models that are named by where they are on the web.

checkpoints/.downloads/1f0b52c73a9e4d10/model.safetensors   of each URL the file
"""

import shutil
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
    with suppress(*UNREADABLE):  # one that is damaged is downloaded again
        read_metadata(path)
        emit(Noticed(f"Using the copy in {path.parent}: remove that to download it again."))
        return path
    try:
        download(url, "", path, emit, PAUSES, _MOST)
    except TextError as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        message = error.message if url in error.message else f"{url}: {error.message}"
        hint = "Try again; or download it with another program and name the file."
        raise CheckpointError(message, hint) from None
    try:
        read_metadata(path)
    except UNREADABLE as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise CheckpointError(
            f"{url} is not a model of charrnn: {error}",
            "Try again, or name the address of a model.safetensors itself, not of a page about it.",
        ) from None
    return path
