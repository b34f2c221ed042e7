"""Prepared corpora: a text as token ids in a file that is mapped into memory, not loaded.

    corpora/shakespeare-1f0b52c7/
        tokens.bin      the ids, one after the other, in the smallest type that holds them
        corpus.json     the tokenizer, the sources and their sha256, the split

The folder's name ends in a digest of what it was made from, so a changed source is prepared anew
and an unchanged one is found again, whatever it is called and whenever it was touched.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.events import Emit, Prepared, Progress
from charrnn.files import corpora, plain_name, sync_folder, whole
from charrnn.settings import TextSettings, split_shares
from charrnn.text.source import PIECE, opened, pieces
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
    try:
        data = json.loads((folder / "corpus.json").read_text("utf-8"))
        if data["format"] != FORMAT or data["dtype"] not in _DTYPES:
            raise ValueError("its format is not known to this version")
        split_shares(data["split"])
        tokens = np.memmap(folder / "tokens.bin", data["dtype"], "r")
        if len(tokens) != data["tokens"]:
            raise ValueError("tokens.bin is not as long as corpus.json says")
        return Corpus(folder, data["key"], from_json(data["tokenizer"]), data["split"], tokens)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TextError(
            f"{folder} is no prepared corpus: {error}", "Delete it and prepare the text again."
        ) from None


def prepared(name: str = "*") -> list[Path]:
    """The folders of the prepared corpora of that name, or all of them."""
    return sorted(path.parent for path in corpora().glob(f"{name}-????????/corpus.json"))


def find_corpus(key: str) -> Corpus | None:
    """The prepared corpus with that key, wherever it came from and whatever it is called."""
    for folder in prepared():
        if folder.name.endswith(key[:8]) and (found := open_corpus(folder)).key == key:
            return found
    return None


def prepare(
    sources: Sequence[str | Path], settings: TextSettings, name: str | None, emit: Emit
) -> Corpus:
    """Prepare UTF-8 (or other) text files as one corpus, in this order, or find it prepared.

    Memory does not grow with the text. A killed `prepare` leaves no corpus behind.
    """
    with tempfile.TemporaryDirectory() as spool:
        paths = [_spooled(source, Path(spool)) for source in sources]
        label = name or Path(sources[0]).stem if sources[0] != "-" else name or "stdin"
        total = 0
        for path in paths:
            with opened(path):  # a wrong name is told before hours are spent on the right ones
                total += Path(path).stat().st_size
        if total == 0:
            raise TextError(
                f"{' and '.join(map(str, sources))}: there is nothing in it", "Take a longer text."
            )
        work = _Work(paths, settings, total * 3, plain_name(label), emit)
        digests = list(work.digests())
        key = _key(digests, settings)
        folder = corpora() / f"{plain_name(label)}-{key[:8]}"
        found = _reuse(folder, key, settings)
        if found is None:
            sizes = [Path(path).stat().st_size for path in paths]
            listed = [
                {"name": Path(source).name, "bytes": size, "sha256": digest}
                for source, size, digest in zip(sources, sizes, digests, strict=True)
            ]
            _write(folder, work, settings, {"key": key, "sources": listed})
        emit(Progress(work.task, 1, 1))
    corpus = found or open_corpus(folder)
    emit(
        Prepared(
            corpus.name, str(folder), len(corpus.tokens), corpus.tokenizer.size, found is not None
        )
    )
    return corpus


def _spooled(source: str | Path, folder: Path) -> str | Path:
    """Stdin is read three times over like any other source, so it goes through a file."""
    if source != "-":
        return source
    with opened("-") as stdin, (folder / "stdin").open("wb") as file:
        shutil.copyfileobj(stdin, file, PIECE)
    return folder / "stdin"


@dataclass
class _Work:
    """The passes over the sources, and how far they have come."""

    paths: Sequence[str | Path]
    settings: TextSettings
    total: int
    name: str
    emit: Emit
    done: int = 0

    @property
    def task(self) -> str:
        return f"preparing {self.name}"

    def _advance(self, size: int) -> None:
        self.done += size
        self.emit(Progress(self.task, self.done, self.total))

    def digests(self) -> Iterator[str]:
        """The sha256 of each source."""
        for path in self.paths:
            digest = hashlib.sha256()
            with opened(path) as file:
                while data := file.read(PIECE):
                    digest.update(data)
                    self._advance(len(data))
            yield digest.hexdigest()

    def text(self) -> Iterator[str]:
        """The text of all sources, in pieces."""
        raw = TOKENIZERS[self.settings.tokens].raw
        for path in self.paths:
            with opened(path) as file:
                before = 0
                for piece in pieces(file, path, self.settings.encoding, raw):
                    yield piece
                    self._advance(file.tell() - before)
                    before = file.tell()


def _key(digests: list[str], settings: TextSettings) -> str:
    made_from = {**asdict(settings), "sources": digests, "format": FORMAT}
    del made_from["split"]  # where the parts begin does not change the tokens
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _reuse(folder: Path, key: str, settings: TextSettings) -> Corpus | None:
    """The corpus of that key, if it is there and whole, with the split now asked for."""
    try:
        found = open_corpus(folder)
    except TextError:
        return None
    if found.key != key:
        return None
    if found.split != settings.split:
        data = json.loads((folder / "corpus.json").read_text("utf-8"))
        _write_json(folder / "corpus.json", {**data, "split": settings.split})
    return replace(found, split=settings.split)


def _write(folder: Path, work: _Work, settings: TextSettings, facts: dict[str, Any]) -> None:
    tokenizer = TOKENIZERS[settings.tokens].learn(work.text())
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    temporary.mkdir(parents=True)
    try:
        count, dtype = 0, np.dtype(np.uint8)
        with whole(temporary / "tokens.bin") as file:
            for piece in work.text():
                ids = tokenizer.encode(piece)
                count, dtype = count + len(ids), ids.dtype
                file.write(ids.data)
        if count < 2:
            raise TextError(
                f"{work.name}: one token is too little to learn from", "Take a longer text."
            )
        about = {"format": FORMAT, "tokens": count, "dtype": dtype.name, "split": settings.split}
        _write_json(temporary / "corpus.json", {**about, **facts, "tokenizer": to_json(tokenizer)})
        if folder.exists():  # damaged, or it would have been reused
            shutil.rmtree(folder)
        temporary.rename(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _write_json(path: Path, data: dict[str, Any]) -> None:
    with whole(path) as file:
        file.write(json.dumps(data, ensure_ascii=False, indent=1).encode())
