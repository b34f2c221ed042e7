"""Files that are named by where they are on the web.

corpora/downloads/1f0b52c73a9e4d10/input.txt    of each URL the text, by its digest
"""

import hashlib
import shutil
import string
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, NamedTuple

from charrnn.errors import DISK_ERRORS, TextError
from charrnn.events import Emit, Progress
from charrnn.files import atomic_write, corpora, is_url, plain_name

_TIMEOUT = 30.0  # seconds without a byte
_PIECE = 1 << 16
PAUSES = (1.0, 4.0)  # seconds before each new try


class Most(NamedTuple):
    """What a download may take."""

    bytes: float = 1e12
    seconds: float = 7 * 86400.0


_ANYTHING = Most()


def folder_of(url: str) -> str:
    """The name of the folder for what is at a URL."""
    return hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def fetched(url: str, emit: Emit) -> Path:
    """The file of a text on the web, downloaded the first time. TextError if it cannot be.

    It keeps its name, which becomes that of the corpus.
    """
    from urllib.parse import unquote  # slow to import, like all that downloads

    name = unquote(url.partition("?")[0].rstrip("/").rpartition("/")[2])
    path = corpora() / "downloads" / folder_of(url) / plain_name(name)
    if not path.is_file():
        download(url, "", path, emit)
    return path


def download(
    url: str,
    sha256: str,
    path: Path,
    emit: Emit,
    pauses: tuple[float, ...] = PAUSES,
    most: Most = _ANYTHING,
    proof: Callable[[Path], object] | None = None,
) -> None:
    """Download a file to `path`, and try again after each of the pauses (seconds).

    TextError if that fails, takes more than `most`, or if the file's sha256 differs from one that
    is not empty; then nothing is at `path`, nor where `proof` of what was downloaded fails.
    """
    from http.client import HTTPException  # these three take longer than the rest of the package
    from urllib.error import HTTPError

    end = time.monotonic() + most.seconds
    for pause in (*pauses, None):
        try:
            with atomic_write(path, proof=proof) as file:
                _write(file, path.name, url, sha256, emit, most, end)
            return
        except (OSError, HTTPException, ValueError, OverflowError) as error:
            # URLError and timeouts are OSErrors; OverflowError is for the number of a port
            if getattr(error, "errno", None) in DISK_ERRORS:
                raise
            refused = isinstance(error, HTTPError) and error.code < 500
            if isinstance(error, HTTPError):
                error.close()
            if pause is None or refused:
                raise TextError(
                    f"{path.name} could not be downloaded: {_reason(error)}",
                    f"Try again; or download {url} with another program and name the file; "
                    "or use python, a text that needs no network.",
                ) from None
            time.sleep(pause)


def _write(
    file: BinaryIO, name: str, url: str, sha256: str, emit: Emit, most: Most, end: float
) -> None:
    digest, done = hashlib.sha256(), 0
    with _answer(url) as answer:
        told = answer.headers.get("Content-Length", "")
        total = int(told[:20]) if told.isdecimal() else 0
        while data := answer.read1(_PIECE):
            file.write(data)
            digest.update(data)
            done += len(data)
            if max(done, total) > most.bytes:
                raise _too_much(url, f"it has more than {most.bytes / 1e9:g} GB")
            if time.monotonic() > end:
                raise _too_much(url, f"it takes more than {most.seconds / 60:g} minutes")
            emit(Progress(f"downloading {name}", done, total))
        if done < total:
            raise ConnectionError(f"the connection closed after {done} of {total} bytes")
        if sha256 and digest.hexdigest() != sha256:
            raise TextError(
                f"{url} is not the expected text: its sha256 differs",
                "Download the text from elsewhere, and name your file instead.",
            )


def _reason(error: Exception) -> str:
    """What went wrong, without the name of the file that was being written."""
    from http.client import IncompleteRead
    from urllib.error import HTTPError

    cause = getattr(error, "reason", None) or error  # of a URLError another error
    said = [
        getattr(cause, "strerror", None),
        *getattr(cause, "args", [cause]),
        type(cause).__name__,
    ]
    reason = next(text for text in said if text and isinstance(text, str))
    if isinstance(error, HTTPError):
        reason = f"the server answers {error.code}: {error.msg}"
    elif isinstance(error, IncompleteRead):
        reason = "the answer ends too early"
    return reason.strip().partition("\n")[0][:200]


def _too_much(url: str, why: str) -> TextError:
    return TextError(
        f"{url} is not downloaded: {why}", "Download it with another program, and name the file."
    )


def _answer(url: str) -> Any:
    """The answer of the server, or of one that it names instead, if that is on the web, too."""
    from urllib.error import HTTPError
    from urllib.parse import quote
    from urllib.request import HTTPRedirectHandler, build_opener

    class OnTheWeb(HTTPRedirectHandler):
        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any,
                             newurl: str) -> Any:  # fmt: skip
            is_safe = newurl.startswith("https:") or req.full_url.startswith("http:")
            if not is_url(newurl) or not is_safe:
                raise HTTPError(req.full_url, code, f"it leads to {newurl:.100}", headers, fp)
            fp.close()  # or it would be read, without a bound
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    scheme, _, host, path = [*url.split("/", 3), ""][:4]
    host = host if host.isascii() else host.encode("idna").decode()
    path = quote(path, safe=string.punctuation, errors="surrogateescape")
    return build_opener(OnTheWeb).open(f"{scheme}//{host}/{path}", timeout=_TIMEOUT)


def download_zip(url: str, sha256: str, path: Path, emit: Emit) -> None:
    """As `download`, for the one file in a .zip; the sha256 is that of the .zip."""
    with TemporaryDirectory() as folder:
        packed = Path(folder) / url.rpartition("/")[2]
        download(url, sha256, packed, emit)
        with zipfile.ZipFile(packed) as archive, atomic_write(path) as target:
            (name,) = archive.namelist()
            with archive.open(name) as source:
                shutil.copyfileobj(source, target, _PIECE)
