"""Prepared corpora: a text as token ids in a file that is mapped into memory, not loaded.

    corpora/shakespeare-1f0b52c7/
        tokens.bin      the ids, one after the other, in the smallest type that holds them
        corpus.json     the tokenizer, the sources and their sha256, the split

The folder's name ends in a digest of what it was made from, so a changed source is prepared anew
and an unchanged one is found again, whatever it is called and whenever it was touched.
"""

import codecs
import hashlib
import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.events import Emit, Prepared, Progress
from charrnn.files import corpora, plain_name, whole, whole_folder
from charrnn.settings import TextSettings, read, split_shares
from charrnn.text.passes import Passes, spooled
from charrnn.text.tokenizers import TOKENIZERS, Tokenizer, from_json, to_json

FORMAT = 1
PARTS = ("train", "valid", "test")
_DTYPES = ("uint8", "uint16", "uint32")

Tokens = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus. `key` is the digest of its content; `tokens` (N,) is mapped from disk."""

    folder: Path
    key: str
    tokenizer: Tokenizer
    encoding: str
    split: str
    tokens: Tokens

    @property
    def name(self) -> str:
        """The name it was given, without the digest."""
        return self.folder.name.rsplit("-", 1)[0]

    def part(self, name: str) -> Tokens:
        """The tokens of `train`, `valid` or `test`: contiguous, in this order, perhaps empty."""
        bounds = np.cumsum([0, *split_shares(self.split)]) * len(self.tokens)
        first, last = np.round(bounds).astype(int)[PARTS.index(name) :][:2]
        return self.tokens[first:last]


def open_corpus(folder: Path) -> Corpus:
    """The corpus in a folder. TextError if it is none, or damaged."""
    folder = folder.resolve()
    try:
        for name in ("corpus.json", "tokens.bin"):
            if not (folder / name).is_file():  # a pipe would be waited for
                raise FileNotFoundError(f"there is no {name} in it")
        data = json.loads((folder / "corpus.json").read_text("utf-8"))
        if data["format"] != FORMAT or data["dtype"] not in _DTYPES:
            raise ValueError("its format is not known to this version")
        tokenizer, text = from_json(data["tokenizer"]), data["text"]
        settings = read(TextSettings, {**text, "tokens": tokenizer.kind})
        tokens = np.memmap(folder / "tokens.bin", data["dtype"], "r")
        if len(tokens) != data["tokens"]:
            raise ValueError("tokens.bin is not as long as corpus.json says")
        key = str(data["key"])
        return Corpus(folder, key, tokenizer, settings.encoding, settings.split, tokens)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise TextError(
            f"{folder} is no prepared corpus: {error}", "Delete it and prepare the text again."
        ) from None


def known(ids: Tokens, vocabulary: int) -> Tokens:
    """The same ids (...). TextError if there are some that no vocabulary of that size has.

    A file of tokens is mapped, not read, when it is opened: so its ids are looked at as they come.
    """
    if ids.size and int(ids.max()) >= vocabulary:
        raise TextError(
            f"the corpus is damaged: it has token {int(ids.max())}, and knows {vocabulary}",
            "Delete its folder in corpora/ and prepare the text again.",
        )
    return ids


def prepared(name: str = "*") -> list[Path]:
    """The folders of the prepared corpora of that name, or all of them."""
    return sorted(path.parent for path in corpora().glob(f"{name}-????????/corpus.json"))


def find_corpus(key: str) -> Corpus | None:
    """The prepared corpus with that key, wherever it came from and whatever it is called."""
    for folder in prepared():
        if folder.name.endswith(key[:8]):
            with suppress(TextError):  # a damaged one, but there may be another
                if (found := open_corpus(folder)).key == key:
                    return found
    return None


def prepare(
    sources: Sequence[str | Path],
    settings: TextSettings,
    name: str | None,
    emit: Emit,
    divide: bool = True,
) -> Corpus:
    """Prepare UTF-8 (or other) text files as one corpus, in this order, or find it prepared.

    Memory does not grow with the text. A killed `prepare` leaves no corpus behind. `divide`: give a
    corpus that is found the split of these settings; otherwise it keeps its own.
    """
    with tempfile.TemporaryDirectory() as spool:
        paths = [spooled(source, Path(spool) / str(n)) for n, source in enumerate(sources)]
        before = [path.stat() for path in paths]
        total = sum(stat.st_size for stat in before)
        names = [Path(source).name if source != "-" else "stdin" for source in sources]
        if total == 0:
            raise TextError(f"there is nothing in {' and '.join(names)}", "Take a longer text.")
        label = plain_name(name or Path(names[0]).stem)
        work = Passes(list(zip(paths, names, strict=True)), settings, total * 3, label, emit)
        digests = list(work.digests())
        key = _key(digests, settings)
        folder = corpora() / f"{label}-{key[:8]}"
        found = _reuse(folder, key, settings.split if divide else None)
        if found is None:
            listed = [
                {"name": source, "bytes": stat.st_size, "sha256": digest}
                for source, stat, digest in zip(names, before, digests, strict=True)
            ]
            with whole_folder(folder) as temporary:
                _write(temporary, work, {"key": key, "sources": listed})
                now = [path.stat() for path in paths]
                if [(s.st_size, s.st_mtime_ns) for s in now] != [
                    (s.st_size, s.st_mtime_ns) for s in before
                ]:
                    raise TextError(
                        f"{' or '.join(names)} changed while it was read", "Prepare it again."
                    )
        emit(Progress(work.task, 1, 1))
    corpus = found or open_corpus(folder)
    vocabulary = corpus.tokenizer.size
    emit(Prepared(corpus.name, str(folder), len(corpus.tokens), vocabulary, found is not None))
    return corpus


def key_of(path: Path, settings: TextSettings) -> str:
    """The key that a corpus of this one text has."""
    with path.open("rb") as file:
        return _key([hashlib.file_digest(file, "sha256").hexdigest()], settings)


def _key(digests: list[str], settings: TextSettings) -> str:
    """The digest of all that the tokens depend on; where the parts begin is not among it."""
    encoding = codecs.lookup(settings.encoding).name
    made_from = [FORMAT, settings.tokens, encoding, *digests]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def _reuse(folder: Path, key: str, split: str | None) -> Corpus | None:
    """The corpus of that key, if it is there and whole, with the split that is asked for."""
    try:
        found = open_corpus(folder)
    except TextError:
        return None
    if found.key != key:
        return None
    if split is None or found.split == split:
        return found
    data = json.loads((folder / "corpus.json").read_text("utf-8"))
    data["text"]["split"] = split
    _write_json(folder / "corpus.json", data)
    return replace(found, split=split)


def _write(folder: Path, work: Passes, facts: dict[str, Any]) -> None:
    settings = work.settings
    tokenizer = TOKENIZERS[settings.tokens].learn(work.text())
    count, dtype = 0, np.dtype(np.uint8)
    with whole(folder / "tokens.bin") as file:
        for piece in work.text():
            ids = tokenizer.encode(piece)
            count, dtype = count + len(ids), ids.dtype
            file.write(ids.data)
    if count < 2:
        raise TextError(
            f"one token is too little to learn from: {work.name}", "Take a longer text."
        )
    text = {"encoding": settings.encoding, "split": settings.split}
    about = {"format": FORMAT, "tokens": count, "dtype": dtype.name, "text": text}
    _write_json(folder / "corpus.json", {**about, **facts, "tokenizer": to_json(tokenizer)})


def _write_json(path: Path, data: dict[str, Any]) -> None:
    with whole(path) as file:
        file.write(json.dumps(data, indent=1).encode())
