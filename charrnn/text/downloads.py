"""Downloading a text: completely and verified, or not at all."""

import hashlib
import shutil
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from charrnn.errors import DISK_ERRORS, TextError
from charrnn.events import Emit, Progress
from charrnn.files import atomic_write

_TIMEOUT = 30.0  # seconds without a byte
_PIECE = 1 << 16


def download(
    url: str, path: Path, sha256: str, emit: Emit, pauses: tuple[float, ...] = (1, 4)
) -> None:
    """Download a text to `path`, and try again after each of the pauses (seconds).

    TextError if that fails, or if the text's sha256 differs; then nothing is at `path`.
    """
    from http.client import HTTPException  # these three take longer than the rest of the package
    from urllib.error import HTTPError

    for pause in (*pauses, None):
        try:
            _download_once(url, path, sha256, emit)
            return
        except (OSError, HTTPException, ValueError) as error:  # URLError and timeouts are OSErrors
            if getattr(error, "errno", None) in DISK_ERRORS:
                raise
            refused = isinstance(error, HTTPError) and error.code < 500
            if isinstance(error, HTTPError):
                error.close()
            if pause is None or refused:
                raise TextError(
                    f"{path.name} could not be downloaded: {getattr(error, 'reason', error)}",
                    f"Try again; or download {url} with another program and name that file "
                    "(what is in it, if it is a .zip); "
                    "or use python, a text that needs no network.",
                ) from None
            time.sleep(pause)


def _download_once(url: str, path: Path, sha256: str, emit: Emit) -> None:
    from urllib.request import urlopen

    digest, done = hashlib.sha256(), 0
    answer = urlopen(url, timeout=_TIMEOUT)  # noqa: S310  (our own URLs)
    with answer, atomic_write(path) as file:
        total = int(answer.headers.get("Content-Length") or 0)
        while data := answer.read(_PIECE):
            file.write(data)
            digest.update(data)
            done += len(data)
            emit(Progress(f"downloading {path.name}", done, total))
        if done < total:
            raise ConnectionError(f"the connection closed after {done} of {total} bytes")
        if digest.hexdigest() != sha256:
            raise TextError(
                f"{url} is not the expected text: its sha256 differs",
                "Download the text from elsewhere, and name your file instead.",
            )


def download_zip(
    url: str, path: Path, sha256: str, emit: Emit, pauses: tuple[float, ...] = (1, 4)
) -> None:
    """As `download`, for the one file in a .zip; the sha256 is that of the .zip."""
    with TemporaryDirectory() as folder:
        packed = Path(folder) / url.rpartition("/")[2]
        download(url, packed, sha256, emit, pauses)
        with zipfile.ZipFile(packed) as archive, atomic_write(path) as target:
            (name,) = archive.namelist()
            with archive.open(name) as source:
                shutil.copyfileobj(source, target, _PIECE)
