"""Named corpora: made on this machine, or downloaded and verified. And how a name is looked up."""

import hashlib
import sysconfig
import time
import tokenize
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from charrnn.errors import DISK_ERRORS, TextError, UsageError, suggest
from charrnn.events import Emit, Progress
from charrnn.files import corpora, whole
from charrnn.settings import TextSettings
from charrnn.text.corpus import Corpus, open_corpus, prepare, prepared

_TIMEOUT = 30.0  # seconds without a byte


@dataclass(frozen=True)
class Entry:
    """A corpus that has only to be named. `make` writes its text to a path."""

    about: str
    make: Callable[[Path, Emit], None]


def download(
    url: str, path: Path, sha256: str, emit: Emit, pauses: tuple[float, ...] = (1, 4)
) -> None:
    """Fetch a text to `path`, trying again after each of the pauses (seconds).

    TextError if it cannot be had, or is not the text with that sha256; then nothing is at `path`.
    """
    for pause in (*pauses, None):
        try:
            digest = hashlib.sha256()
            request = urllib.request.urlopen(url, timeout=_TIMEOUT)  # noqa: S310  (our own URLs)
            with request as answer, whole(path) as file:
                total = int(answer.headers.get("Content-Length") or 0)
                done = 0
                while data := answer.read(1 << 16):
                    file.write(data)
                    digest.update(data)
                    done += len(data)
                    emit(Progress(f"downloading {path.name}", done, total))
                if done < total:
                    raise ConnectionError(f"the connection closed after {done} of {total} bytes")
                if digest.hexdigest() != sha256:
                    raise TextError(
                        f"what {url} sent is not the text that was asked for (its sha256 differs)",
                        "Look for the text elsewhere, and name your file instead.",
                    )
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
                    f"Try again, or fetch {url} by other means and name your file; "
                    "or take python, which needs no network.",
                ) from None
            time.sleep(pause)


def _shakespeare(path: Path, emit: Emit) -> None:
    if not path.exists():
        download(
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            path,
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            emit,
        )


def _python(path: Path, _emit: Emit) -> None:
    """Made again each time: another interpreter has another library."""
    texts = []
    for module in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        with tokenize.open(module) as file:  # in the encoding that the module declares
            texts.append(file.read())
    if not texts:
        raise TextError("this Python keeps its library where it cannot be read", "Name a file.")
    text = "\n".join(texts).encode()
    if not path.exists() or path.read_bytes() != text:
        with whole(path) as file:
            file.write(text)


CATALOG = {
    "shakespeare": Entry("1.1 MB of plays, downloaded: tiny Shakespeare", _shakespeare),
    "python": Entry("this Python's own standard library, no network needed", _python),
}


def locate(corpus: str, emit: Emit) -> Path:
    """The text file or prepared corpus that a person means.

    A path as it is; then the same in `corpora/`; then a name of the catalog; then a prepared
    corpus by its name. TextError lists what there is.
    """
    name = corpus.removesuffix(".txt")
    for path in (Path(corpus), corpora() / corpus, corpora() / f"{name}.txt"):
        there = path.exists() and not path.is_dir()  # a pipe will do as well as a file
        if there or (path / "corpus.json").is_file():
            return path
    if name in CATALOG:
        path = corpora() / "catalog" / f"{name}.txt"
        CATALOG[name].make(path, emit)
        return path
    found = prepared(corpus) if corpus and not set(corpus) & set("*?[/\\") else []
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(path.name for path in found)
        raise TextError(f"{corpus} could be any of {listed}", "Name one of them in full.")
    if Path(corpus).is_dir():
        raise TextError(
            f"{corpus} is a folder, not a text", f"Join its files: charrnn prepare {corpus}/*"
        )
    names = [*CATALOG, *(path.name for path in prepared())]
    hint = suggest(corpus, names) or f"Name a text file, or one of: {', '.join(names)}."
    raise TextError(f"there is no file and no corpus {corpus}", hint)


def corpus_of(what: str, text: TextSettings, given: Mapping[str, Any], emit: Emit) -> Corpus:
    """The corpus that `charrnn train WHAT` means, prepared on the way if need be.

    It is divided as `--split` says, or as it was prepared. UsageError if a corpus that is prepared
    already is not as the given settings ask.
    """
    path = what if what == "-" else locate(what, emit)
    if isinstance(path, Path) and path.is_dir():
        corpus = open_corpus(path)
        if "tokens" in given and text.tokens != corpus.tokenizer.kind:
            raise UsageError(
                f"{what} is prepared as {corpus.tokenizer.kind} tokens",
                f"Leave --tokens out, or prepare the text again with --tokens {text.tokens}.",
            )
    else:
        corpus = prepare([path], replace(text, split=TextSettings.split), None, emit, divide=False)
    return replace(corpus, split=text.split) if "split" in given else corpus
