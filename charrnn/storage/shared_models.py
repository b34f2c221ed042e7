"""Models that are named by where they are on the web.

checkpoints/.downloads/1f0b52c7/model.safetensors   of each URL the file
"""

from pathlib import Path

from charrnn.errors import CheckpointError, TextError
from charrnn.events import Emit
from charrnn.files import checkpoints
from charrnn.storage.container import UNREADABLE, read_metadata
from charrnn.text.downloads import PAUSES, Most, download, folder_of

_MOST = Most(bytes=1 << 32, seconds=3600)


def fetched_model(url: str, emit: Emit) -> Path:
    """The file of a model on the web, downloaded the first time, and whole by its own checksum.

    CheckpointError if it cannot be had, or is not a model; then nothing of it stays.
    """
    path = checkpoints() / ".downloads" / folder_of(url) / "model.safetensors"
    if path.is_file():
        return path
    try:
        download(url, "", path, emit, PAUSES, _MOST)
        read_metadata(path)
    except TextError as error:
        hint = "Try again; or download it with another program and name the file."
        raise CheckpointError(f"{url}: {error.message}", hint) from None
    except UNREADABLE as error:
        path.unlink(missing_ok=True)
        raise CheckpointError(
            f"{url} is not a model of charrnn: {error}",
            "Name the address of a model.safetensors itself, not of a page about it.",
        ) from None
    return path
