"""Named texts: made on this machine or downloaded; and the corpus that a name means.

Imports no NumPy: names are completed in the shell.
"""

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
    ARITHMETIC_ENTROPY,
    BRACKETS_ENTROPY,
    MARKOV_ENTROPY,
    arithmetic,
    brackets,
    markov,
)


@dataclass(frozen=True)
class Entry:
    """A text of the catalog: its megabytes, licence and source.

    `text` makes one on this machine, of `entropy` bits per character where that is known, and
    another each time if it `changes`. Any other is downloaded from `url`: a text, or one in a .zip.
    """

    about: str
    megabytes: float | None
    licence: str
    source: str
    url: str = ""
    sha256: str = ""
    text: Callable[[], str] | None = None
    entropy: float | None = None
    changes: bool = False

    def write(self, path: Path, emit: Emit) -> None:
        """Write the text, unless it is there. TextError if it cannot be downloaded."""
        if path.exists() and not self.changes:
            return
        if self.text is None:
            fetch = download_zip if self.url.endswith(".zip") else download
            fetch(self.url, self.sha256, path, emit)
            return
        data = self.text().encode()
        if not path.exists() or path.read_bytes() != data:
            with atomic_write(path) as file:
                file.write(data)


def _python() -> str:
    """The modules of the standard library: each version of Python has others."""
    texts = []
    for module in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        with tokenize.open(module) as file:  # in the encoding that the module declares
            texts.append(file.read())
    if not texts:
        raise TextError("the source of this Python's library is not installed", "Name a file.")
    return "\n".join(texts)


_WIKIPEDIA = "CC BY-SA"
_MAHONEY = "mattmahoney.net/dc"
CATALOG = {
    "shakespeare": Entry(
        "plays: tiny Shakespeare", 1.1, "public domain", "github.com/karpathy/char-rnn",
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
    "python": Entry(
        "the standard library of this Python", None, "PSF", "this machine",
        text=_python, changes=True,
    ),
    "text8": Entry(
        "Wikipedia of 2006, words of a to z", 100, _WIKIPEDIA, _MAHONEY,
        "https://mattmahoney.net/dc/text8.zip",
        "a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232",
    ),
    "enwik8": Entry(
        "Wikipedia of 2006, with its markup", 100, _WIKIPEDIA, _MAHONEY,
        "https://mattmahoney.net/dc/enwik8.zip",
        "547994d9980ebed1288380d652999f38a14fe291a6247c157c3d33d4932534bc",
    ),
    "markov": Entry(
        "a Markov chain of order 2 over 8 letters", 1.5, "none", "made here",
        text=markov, entropy=MARKOV_ENTROPY,
    ),
    "brackets": Entry(
        "balanced brackets, at most 4 deep", 1.5, "none", "made here",
        text=brackets, entropy=BRACKETS_ENTROPY,
    ),
    "arithmetic": Entry(
        "sums of two digits: 7+5=12", 1.5, "none", "made here",
        text=arithmetic, entropy=ARITHMETIC_ENTROPY,
    ),
}  # fmt: skip


def corpus_names() -> list[str]:
    """What `charrnn train` takes besides paths: catalog, prepared corpora, texts in `corpora/`."""
    texts = (path.stem for path in corpora().glob("*.txt"))
    return sorted({*CATALOG, *short_names(corpus_folders()), *texts})


def obtained(name: str, emit: Emit) -> Path:
    """The file of a text of the catalog, which is made or downloaded. TextError if it cannot be."""
    CATALOG[name].write(catalog_file(name), emit)
    return catalog_file(name)


def catalog_file(name: str) -> Path:
    """Where a text of the catalog is kept, once it has been made or downloaded."""
    return corpora() / "catalog" / f"{name}.txt"


def locate(name: str, emit: Emit) -> Path:
    """The text file or the folder of a prepared corpus that a name means.

    In this order: a file; the same in `corpora/`; an entry of the catalog, which is made or
    downloaded, unless a corpus of that name is prepared; a folder of texts, or a pattern of file
    names; the name of a prepared corpus. The TextError lists the names that exist.
    """
    stem = name.removesuffix(".txt")
    for path in (Path(name), corpora() / name, corpora() / f"{stem}.txt"):
        is_file = path.exists() and not path.is_dir()  # or a pipe, which can be read as well
        if is_file or (path / "corpus.json").is_file():
            return path
    if stem in CATALOG and (catalog_file(stem).is_file() or not prepared(name)):
        return obtained(stem, emit)
    if (name and Path(name).is_dir()) or (has_magic(name) and matching(name)):
        return Path(name)
    if folder := prepared(name):
        return folder
    names = corpus_names()
    nearby = [path.name for path in Path(name).parent.glob("*") if path.is_file()]
    hint = f"{suggest(name, [*names, *nearby])} Name a text file, or one of: {', '.join(names)}."
    raise TextError(f"there is no file and no corpus named {name}", hint.strip())


def prepared(name: str) -> Path | None:
    """The folder of the prepared corpus of that name, with the digest or without.

    TextError if there are several.
    """
    folders = {path.name: path for path in corpus_folders()}
    same = [full for full in folders if name in (full, full.rsplit("-", 1)[0])]
    if len(same) > 1 and name not in same:
        raise TextError(
            f"{name} is the name of {len(same)} corpora", f"Name one: {', '.join(same)}."
        )
    return folders[name if name in same else same[0]] if same else None
