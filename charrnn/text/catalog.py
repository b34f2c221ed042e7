"""Texts that have only to be named: made on this machine, or downloaded. And what a name means."""

import hashlib
import sysconfig
import time
import tokenize
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import DISK_ERRORS, TextError, suggest
from charrnn.events import Emit, Progress
from charrnn.files import atomic_write, corpora, corpus_folders, short_names

_TIMEOUT = 30.0  # seconds without a byte


@dataclass(frozen=True)
class Entry:
    """A text of the catalog. `make` writes it to a path."""

    about: str
    make: Callable[[Path, Emit], None]


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
                    f"Try again; or download {url} with another program and name that file; "
                    "or use python, a text that needs no network.",
                ) from None
            time.sleep(pause)


def _download_once(url: str, path: Path, sha256: str, emit: Emit) -> None:
    from urllib.request import urlopen

    digest, done = hashlib.sha256(), 0
    answer = urlopen(url, timeout=_TIMEOUT)  # noqa: S310  (our own URLs)
    with answer, atomic_write(path) as file:
        total = int(answer.headers.get("Content-Length") or 0)
        while data := answer.read(1 << 16):
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


def _shakespeare(path: Path, emit: Emit) -> None:
    if not path.exists():
        download(
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            path,
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            emit,
        )


def _python(path: Path, _emit: Emit) -> None:
    """Made again each time, because each version of Python has another library."""
    texts = []
    for module in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        with tokenize.open(module) as file:  # in the encoding that the module declares
            texts.append(file.read())
    if not texts:
        raise TextError("the source of this Python's library is not installed", "Name a file.")
    text = "\n".join(texts).encode()
    if not path.exists() or path.read_bytes() != text:
        with atomic_write(path) as file:
            file.write(text)


CATALOG = {
    "shakespeare": Entry("1.1 MB of plays, downloaded: tiny Shakespeare", _shakespeare),
    "python": Entry("this Python's own standard library, no network needed", _python),
}


def corpus_names() -> list[str]:
    """What `charrnn train` takes besides paths: catalog, prepared corpora, texts in `corpora/`."""
    texts = (path.stem for path in corpora().glob("*.txt"))
    return sorted({*CATALOG, *short_names(corpus_folders()), *texts})


def locate(name: str, emit: Emit) -> Path:
    """The text file or the folder of a prepared corpus that a name means.

    In this order: a path; the same in `corpora/`; an entry of the catalog, which is made or
    downloaded; the name of a prepared corpus. The TextError lists the names that exist.
    """
    stem = name.removesuffix(".txt")
    for path in (Path(name), corpora() / name, corpora() / f"{stem}.txt"):
        is_file = path.exists() and not path.is_dir()  # or a pipe, which can be read as well
        if is_file or (path / "corpus.json").is_file():
            return path
    if stem in CATALOG:
        path = corpora() / "catalog" / f"{stem}.txt"
        CATALOG[stem].make(path, emit)
        return path
    found = corpus_folders(name) if name and not set(name) & set("*?[/\\") else []
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(path.name for path in found)
        raise TextError(f"{name} is the name of {len(found)} corpora", f"Name one: {listed}.")
    if Path(name).is_dir():
        raise TextError(
            f"{name} is a folder, not a text", f"Join its files: charrnn prepare {name}/*"
        )
    names = corpus_names()
    hint = suggest(name, names) or f"Name a text file, or one of: {', '.join(names)}."
    raise TextError(f"there is no file and no corpus named {name}", hint)
