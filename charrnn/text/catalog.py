"""Texts that have only to be named: made on this machine, or downloaded. And what a name means."""

import sysconfig
import tokenize
from collections.abc import Callable
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path

from charrnn.errors import TextError, suggest
from charrnn.events import Emit
from charrnn.files import atomic_write, corpora, corpus_folders, short_names
from charrnn.text.downloads import download, download_zip
from charrnn.text.source_files import matching
from charrnn.text.synthetic import (
    arithmetic,
    arithmetic_entropy,
    brackets,
    brackets_entropy,
    markov,
    markov_entropy,
)


@dataclass(frozen=True)
class Entry:
    """A text of the catalog: its megabytes, licence and source. `make` writes it to a path.

    `entropy`: of a source made here, in bits per character.
    """

    about: str
    megabytes: float | None
    licence: str
    source: str
    make: Callable[[Path, Emit], None]
    entropy: Callable[[], float] | None = None


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


def _zipped(url: str, sha256: str) -> Callable[[Path, Emit], None]:
    def make(path: Path, emit: Emit) -> None:
        if not path.exists():
            download_zip(url, path, sha256, emit)

    return make


def _written(write: Callable[[], str]) -> Callable[[Path, Emit], None]:
    def make(path: Path, _emit: Emit) -> None:
        if not path.exists():
            with atomic_write(path) as file:
                file.write(write().encode())

    return make


_WIKIPEDIA = "CC BY-SA"
_MAHONEY = "mattmahoney.net/dc"
CATALOG = {
    "shakespeare": Entry(
        "plays: tiny Shakespeare", 1.1, "public domain", "github.com/karpathy/char-rnn",
        _shakespeare,
    ),
    "python": Entry(
        "the standard library of this Python", None, "PSF", "this machine", _python
    ),
    "text8": Entry(
        "Wikipedia of 2006, words of a to z", 100, _WIKIPEDIA, _MAHONEY,
        _zipped(
            "https://mattmahoney.net/dc/text8.zip",
            "a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232",
        ),
    ),
    "enwik8": Entry(
        "Wikipedia of 2006, with its markup", 100, _WIKIPEDIA, _MAHONEY,
        _zipped(
            "https://mattmahoney.net/dc/enwik8.zip",
            "547994d9980ebed1288380d652999f38a14fe291a6247c157c3d33d4932534bc",
        ),
    ),
    "markov": Entry(
        "a Markov chain of order 2 over 8 letters", 1.5, "none", "made here",
        _written(markov), markov_entropy,
    ),
    "brackets": Entry(
        "balanced brackets, at most 4 deep", 1.5, "none", "made here",
        _written(brackets), brackets_entropy,
    ),
    "arithmetic": Entry(
        "sums of two digits: 7+5=12", 1.5, "none", "made here",
        _written(arithmetic), arithmetic_entropy,
    ),
}  # fmt: skip


def true_entropy(name: str) -> float | None:
    """The bits per character of a synthetic source; None for a text that has others."""
    entry = CATALOG.get(name)
    return entry.entropy() if entry and entry.entropy else None


def corpus_names() -> list[str]:
    """What `charrnn train` takes besides paths: catalog, prepared corpora, texts in `corpora/`."""
    texts = (path.stem for path in corpora().glob("*.txt"))
    return sorted({*CATALOG, *short_names(corpus_folders()), *texts})


def locate(name: str, emit: Emit) -> Path:
    """The text file or the folder of a prepared corpus that a name means.

    In this order: a file; the same in `corpora/`; an entry of the catalog, which is made or
    downloaded; a folder of texts, or a pattern of file names; the name of a prepared corpus. The
    TextError lists the names that exist.
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
    if (name and Path(name).is_dir()) or (has_magic(name) and matching(name)):
        return Path(name)
    if found := prepared(name):
        return found
    names = corpus_names()
    near = [path.name for path in Path(name).parent.glob("*") if path.is_file()]
    hint = f"{suggest(name, [*names, *near])} Name a text file, or one of: {', '.join(names)}."
    raise TextError(f"there is no file and no corpus named {name}", hint.strip())


def prepared(name: str) -> Path | None:
    """The folder of the prepared corpus of that name, with the digest or without.

    TextError if there are several.
    """
    plain = name and not set(name) & set("*?[/\\")
    found = [path for path in corpus_folders() if name == path.name] if plain else []
    found = found or (corpus_folders(name) if plain else [])
    if len(found) > 1:
        listed = ", ".join(path.name for path in found)
        raise TextError(f"{name} is the name of {len(found)} corpora", f"Name one: {listed}.")
    return found[0] if found else None
