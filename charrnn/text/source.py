"""The text in sources: of one, read once; or of several, joined and read several times."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from charrnn.errors import TextError
from charrnn.events import Emit, Noticed, Progress
from charrnn.files import plain_name
from charrnn.settings import TextSettings
from charrnn.text.decoding import decoded, documents, records, with_line_ends
from charrnn.text.decompression import PIECE, unpacked
from charrnn.text.source_files import open_source, source_files
from charrnn.text.tokenizers.byte import is_utf8

T = TypeVar("T")

_PACKED = (".gz", ".bz2", ".xz", ".zst")


@dataclass
class Reader:
    """Reads the text of files as settings say. Notices a CRLF that is kept, once.

    `raw`: bytes that are not text pass, for a tokenizer of bytes.
    """

    settings: TextSettings
    raw: bool
    emit: Emit
    noticed: bool = False
    utf8: bool = True
    """Whether everything read so far is UTF-8."""

    def pieces(self, file: BinaryIO, name: str) -> Iterator[str]:
        """The text of an open file. TextError, with its name, if it cannot be read."""
        settings = self.settings
        raw = self.raw and settings.field is None  # JSON is text
        pieces = decoded(unpacked(file, name), name, settings, raw)
        if settings.field is not None:
            pieces = records(pieces, name, settings)
        pieces = with_line_ends(pieces, settings, lambda: self._notice(name))
        record_is_document = settings.field is not None and settings.document_per == "line"
        if settings.document_per is not None and not record_is_document:
            pieces = documents(pieces, settings.document_per)
        for piece in pieces:
            if not self.raw and "\0" in piece:
                raise TextError(
                    f"{name} is a binary file: it has NUL characters",
                    "If it is text, name its encoding: --encoding utf-16, say. "
                    "To train on any bytes: --tokenizer byte.",
                )
            if self.raw and self.utf8 and not piece.isascii():
                self.utf8 = is_utf8(piece)
            if piece:
                yield piece

    def _notice(self, name: str) -> None:
        if not self.noticed:
            self.noticed = True
            advice = "prepare and train make them LF with --newlines lf"
            self.emit(Noticed(f"{name} has Windows line ends (CRLF): {advice}."))


def read_text(source: str | Path, settings: TextSettings, emit: Emit, raw: bool) -> Iterator[str]:
    """The text of a source in pieces, with END after each document.

    `raw`: bytes that are not text pass, for a tokenizer of bytes. TextError if it cannot be read.
    """
    reader = Reader(settings, raw, emit)
    for path in source_files(source, settings.include):
        with open_source(path) as file:
            yield from reader.pieces(file, "stdin" if path == "-" else path)


class _File(NamedTuple):
    """A file, or the copy of a stream: `shown` in messages, last `modified` at nanoseconds."""

    path: str
    shown: str
    size: int
    modified: int

    @classmethod
    def of(cls, path: str, shown: str) -> "_File":
        status = os.stat(path)
        return cls(path, shown, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Source:
    """A source: its name, and its files, `size` bytes in all, compressed as they may be."""

    name: str
    files: list[_File]

    @classmethod
    def of(cls, source: str | Path, include: str | None, copy: Path) -> "Source":
        """Copies a stream, because it is read several times. TextError if a file is missing."""
        paths = source_files(source, include)
        name = Path(source).name or Path(source).resolve().name or str(source)
        name = "stdin" if source == "-" else name
        with open_source(paths[0]) as first:
            if paths[0] != "-" and os.path.isfile(paths[0]):
                return cls(name, [_File.of(path, path) for path in paths])
            with copy.open("wb") as target:
                shutil.copyfileobj(first, target, PIECE)
        return cls(name, [_File.of(str(copy), name)])

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def stem(self, source: str | Path) -> str:
        """The name of a corpus of it: a file's without endings, or a folder's."""
        if os.path.isdir(source):
            return self.name
        if len(self.files) > 1:
            return Path(os.path.commonpath([file.path for file in self.files])).resolve().name
        name = Path(self.files[0].shown).name
        for ending in _PACKED:
            name = name.removesuffix(ending)
        return Path(name).stem


@dataclass
class JoinedSources:
    """Reads all sources, `times` times, and reports progress over all of these."""

    sources: list[Source]
    name: str
    emit: Emit
    times: int
    """How often they are read, the digest included."""
    digests: list[str] = field(default_factory=list)
    """The sha256 of each source: of a file its own, of several files that of theirs."""
    _done: int = 0
    _reported: int = -PIECE

    @classmethod
    def of(
        cls,
        sources: Sequence[str | Path],
        include: str | None,
        name: str | None,
        emit: Emit,
        copies: Path,
        times: int = 3,
    ) -> "JoinedSources":
        """Finds all files first, so that a wrong name is an error at once."""
        if not sources:
            raise TextError("there is no text to prepare", "Name one, or several.")
        all_sources = [
            Source.of(named, include, copies / str(n)) for n, named in enumerate(sources)
        ]
        joined = cls(all_sources, plain_name(name or all_sources[0].stem(sources[0])), emit, times)
        if not joined.size:
            raise TextError(f"there is nothing in {joined.listed(' and ')}", "Use a longer text.")
        joined.digests += [joined._digest(source) for source in all_sources]
        return joined

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

    def describe(self) -> list[dict[str, Any]]:
        """The sources as corpus.json lists them."""
        return [
            {
                "name": source.name,
                "files": len(source.files),
                "bytes": source.size,
                "sha256": sha256,
            }
            for source, sha256 in zip(self.sources, self.digests, strict=True)
        ]

    def pieces(self, reader: Reader) -> Iterator[str]:
        """The text of all sources, in pieces, with END after each document."""
        for _, _, pieces in self.texts(reader):
            yield from pieces

    def texts(self, reader: Reader) -> Iterator[tuple[int, str, Iterator[str]]]:
        """Of each file: the index of its source, its name, and its text, to be read at once."""
        for index, source in enumerate(self.sources):
            for path, shown, *_ in source.files:
                with open_source(path) as file:
                    yield index, shown, self._advancing(reader.pieces(file, shown), file)

    def check_unchanged(self) -> None:
        """Raise TextError if a file has been written to since it was found."""
        for source in self.sources:
            for file in source.files:
                if not os.path.exists(file.path) or _File.of(file.path, file.shown) != file:
                    raise TextError(
                        f"{file.shown} changed while it was being read", "Prepare it again."
                    )

    def _digest(self, source: Source) -> str:
        digests = []
        for listed in source.files:
            digest = hashlib.sha256()
            with open_source(listed.path) as file:
                for data in self._advancing(iter(lambda: file.read(PIECE), b""), file):
                    digest.update(data)
            digests.append(digest.hexdigest())
        joined = "".join(digests)
        return joined if len(digests) == 1 else hashlib.sha256(joined.encode()).hexdigest()

    def _advancing(self, pieces: Iterator[T], file: BinaryIO) -> Iterator[T]:
        """The pieces, with a report wherever another PIECE of all files has been read."""
        before = 0
        for piece in pieces:
            yield piece
            self._done += file.tell() - before
            before = file.tell()
            if self._done - self._reported >= PIECE:
                self._reported = self._done
                self.emit(Progress(self.task, self._done, self.size * self.times))
        self._done += file.tell() - before
