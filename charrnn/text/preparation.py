"""Preparing a corpus: its text is read three times, for digest, vocabulary and tokens."""

import codecs
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Prepared, Progress
from charrnn.files import atomic_folder, atomic_write, corpora, plain_name
from charrnn.settings import TextSettings
from charrnn.text.catalog import locate
from charrnn.text.corpus import FORMAT, Corpus, change_split, open_corpus, write_json
from charrnn.text.source import PIECE, open_source, read_pieces
from charrnn.text.tokenizers import TOKENIZERS, to_json

_KEY_VERSION = 1  # not FORMAT: with another one no checkpoint would find its corpus


def prepare(
    sources: Sequence[str | Path],
    settings: TextSettings,
    name: str | None,
    emit: Emit,
    update_split: bool = True,
) -> Corpus:
    """Prepare text files, joined in this order, as one corpus; or find it, if it is prepared.

    Memory does not grow with the text. A killed `prepare` leaves no corpus behind. With
    `update_split` a corpus that is found gets the split of these settings, else it keeps its own.
    """
    with tempfile.TemporaryDirectory() as copies:
        reader = _Reader.of(sources, settings, name, emit, Path(copies))
        digests = reader.digests()
        key = _key(digests, settings)
        folder = corpora() / f"{reader.name}-{key[:8]}"
        reused = _has_key(folder, key)
        if not reused:
            with atomic_folder(folder, lambda path: _has_key(path, key)) as new:
                _write_corpus(new, reader, key, digests)
        emit(Progress(reader.task, 1, 1))
    corpus = open_corpus(folder)
    if update_split:
        corpus = change_split(corpus, settings.split)
    emit(Prepared(corpus.name, str(folder), len(corpus.tokens), corpus.tokenizer.size, reused))
    return corpus


def resolve_corpus(what: str, text: TextSettings, given: Mapping[str, Any], emit: Emit) -> Corpus:
    """The corpus that `charrnn train WHAT` names, prepared first if necessary.

    Its split is the given one, else the one it was prepared with. UsageError if it is prepared with
    another tokenizer than the given one.
    """
    path = what if what == "-" else locate(what, emit)
    if isinstance(path, Path) and path.is_dir():
        corpus = open_corpus(path)
        if "tokenizer" in given and text.tokenizer != corpus.tokenizer.kind:
            raise UsageError(
                f"{what} is prepared with --tokenizer {corpus.tokenizer.kind}",
                "Leave --tokenizer out, "
                f"or prepare the text again: charrnn prepare TEXT --tokenizer {text.tokenizer}",
            )
    else:
        settings = replace(text, split=TextSettings.split)
        corpus = prepare([path], settings, None, emit, update_split=False)
    return corpus.with_split(text.split) if "split" in given else corpus


def corpus_key(path: Path, settings: TextSettings) -> str:
    """The key of a corpus made from this one file."""
    with path.open("rb") as file:
        return _key([hashlib.file_digest(file, "sha256").hexdigest()], settings)


def _key(digests: list[str], settings: TextSettings) -> str:
    """The digest of everything that the tokens depend on. The split is not part of that."""
    encoding = codecs.lookup(settings.encoding).name
    made_from = [_KEY_VERSION, settings.tokenizer, encoding, *digests]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def _has_key(folder: Path, key: str) -> bool:
    """Whether an undamaged corpus with that key is in the folder."""
    try:
        return open_corpus(folder).key == key
    except TextError:
        return False


@dataclass(frozen=True)
class _Source:
    """A file to read, or the copy of a stream. `modified` is in nanoseconds."""

    path: Path
    name: str
    size: int
    modified: int

    @classmethod
    def of(cls, source: str | Path, copy: Path) -> "_Source":
        """Streams are copied, because a text is read three times. TextError if it is missing."""
        path = Path(source)
        with open_source(source) as file:
            if source == "-" or not path.is_file():
                path = copy
                with copy.open("wb") as target:
                    shutil.copyfileobj(file, target, PIECE)
        found, name = path.stat(), "stdin" if source == "-" else Path(source).name
        return cls(path, name, found.st_size, found.st_mtime_ns)

    @property
    def changed(self) -> bool:
        """Whether the file has been written to since."""
        now = self.path.stat()
        return (now.st_size, now.st_mtime_ns) != (self.size, self.modified)


@dataclass
class _Reader:
    """Reads all sources, several times, and reports progress over all three times."""

    sources: list[_Source]
    settings: TextSettings
    name: str
    emit: Emit
    done: int = 0

    @classmethod
    def of(
        cls,
        sources: Sequence[str | Path],
        settings: TextSettings,
        name: str | None,
        emit: Emit,
        copies: Path,
    ) -> "_Reader":
        """All sources are opened first, so that a wrong name is an error at once."""
        found = [_Source.of(source, copies / str(n)) for n, source in enumerate(sources)]
        reader = cls(found, settings, plain_name(name or Path(found[0].name).stem), emit)
        if not reader.size:
            raise TextError(f"there is nothing in {reader.listed(' and ')}", "Use a longer text.")
        return reader

    @property
    def task(self) -> str:
        return f"preparing {self.name}"

    @property
    def size(self) -> int:
        """Bytes of all sources together."""
        return sum(source.size for source in self.sources)

    def listed(self, conjunction: str) -> str:
        """The names of the sources, for a message."""
        return conjunction.join(source.name for source in self.sources)

    def digests(self) -> list[str]:
        """The sha256 of each source."""
        digests = []
        for source in self.sources:
            digest = hashlib.sha256()
            with open_source(source.path) as file:
                while data := file.read(PIECE):
                    digest.update(data)
                    self._advance(len(data))
            digests.append(digest.hexdigest())
        return digests

    def pieces(self) -> Iterator[str]:
        """The text of all sources, in pieces."""
        raw = TOKENIZERS[self.settings.tokenizer].raw
        for source in self.sources:
            with open_source(source.path) as file:
                before = 0
                for piece in read_pieces(file, source.name, self.settings.encoding, raw):
                    yield piece
                    self._advance(file.tell() - before)
                    before = file.tell()

    def _advance(self, size: int) -> None:
        self.done += size
        self.emit(Progress(self.task, self.done, self.size * 3))


def _write_corpus(folder: Path, reader: _Reader, key: str, digests: list[str]) -> None:
    """Fill a corpus's folder. TextError if a source cannot be used, or changes meanwhile."""
    settings = reader.settings
    tokenizer = TOKENIZERS[settings.tokenizer].learn(reader.pieces(), settings)
    count, dtype = 0, np.dtype(np.uint8)
    with atomic_write(folder / "tokens.bin") as file:
        for piece in reader.pieces():
            ids = tokenizer.encode(piece)
            count, dtype = count + len(ids), ids.dtype
            file.write(ids.data)
    if count < 2:
        raise TextError(f"{reader.listed(' and ')} is one token long", "Use a longer text.")
    if any(source.changed for source in reader.sources):
        raise TextError(
            f"{reader.listed(' or ')} changed while it was being read", "Prepare it again."
        )
    sources = [
        {"name": source.name, "bytes": source.size, "sha256": digest}
        for source, digest in zip(reader.sources, digests, strict=True)
    ]
    about = {"format": FORMAT, "key": key, "tokens": count, "dtype": dtype.name}
    made = {"tokenizer": to_json(tokenizer), "text": asdict(settings)}
    write_json(folder, {**about, **made, "sources": sources})
