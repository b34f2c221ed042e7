"""The text in sources: of one, read once; or of several, joined and read several times."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from charrnn.errors import TextError
from charrnn.events import Emit, Noticed, Progress
from charrnn.files import plain_name
from charrnn.settings import TextSettings
from charrnn.text.decoding import binary, decoded, documents, records, separator, with_line_ends
from charrnn.text.decompression import PIECE, unpacked
from charrnn.text.series import numbers
from charrnn.text.source_files import open_source, shown_name, source_files
from charrnn.text.tokenizers.byte import is_utf8

T = TypeVar("T")

_PACKED = re.compile(r"(\.zst)?(\.xz)?(\.bz2)?(\.gz)?$")


@dataclass
class Reader:
    """Reads the text of files as settings say, and notices a CRLF that is kept, once.

    `raw`: bytes that are not text pass, for a tokenizer of bytes. `prepares`: hints may name the
    flags of a command that prepares a text.
    """

    settings: TextSettings
    raw: bool
    emit: Emit
    noticed: bool = False
    prepares: bool = True
    utf8: bool = True
    """Whether everything read so far is UTF-8."""

    def pieces(self, file: BinaryIO, name: str) -> Iterator[str]:
        """The text of an open file. TextError, with its name, if it cannot be read."""
        settings = self.settings
        raw = self.raw and settings.field is None  # JSON is text
        pieces = decoded(unpacked(file, name), name, settings, raw, self.prepares)
        if settings.field is not None:
            pieces = records(pieces, name, settings)
        if settings.tokenizer == "number":
            pieces = numbers(pieces, name, settings)
        pieces = with_line_ends(pieces, settings, lambda: self._notice(name))
        pieces = self._checked(pieces, name)
        record_is_document = settings.field is not None and settings.document_per == "line"
        if settings.document_per is not None and not record_is_document:
            pieces = documents(pieces, separator(settings.document_per))
        yield from filter(None, pieces)

    def _checked(self, pieces: Iterator[str], name: str) -> Iterator[str]:
        """The same. TextError for NULs in a text. Before END is in it, a search takes a tenth."""
        is_binary = not self.raw and "\0" not in (separator(self.settings.document_per) or "")
        for piece in pieces:
            if is_binary and "\0" in piece:
                raise binary(name, self.prepares)
            if self.raw and self.utf8 and not piece.isascii():
                self.utf8 = is_utf8(piece)
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
    reader = Reader(settings, raw, emit, prepares=False)
    for path in source_files(source, settings.include):
        with open_source(path) as file:
            yield from reader.pieces(file, shown_name(path))


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
    """A source: its name, the name of a corpus of it, and its files, compressed as they may be."""

    name: str
    stem: str
    files: list[_File]

    @classmethod
    def of(cls, source: str | Path, include: str | None, copy: Path) -> "Source":
        """Copies a stream, because it is read several times. TextError if a file is missing."""
        paths = source_files(source, include)
        name = Path(shown_name(source)).name or Path(source).resolve().name or str(source)
        with open_source(paths[0]) as first:
            if paths[0] != "-" and os.path.isfile(paths[0]):
                files = [_File.of(path, path) for path in paths]
            else:
                with copy.open("wb") as target:
                    shutil.copyfileobj(first, target, PIECE)
                files = [_File.of(str(copy), name)]
        if os.path.isdir(source):
            return cls(name, name, files)
        if len(files) > 1:
            return cls(name, Path(os.path.commonpath(paths)).resolve().name, files)
        return cls(name, Path(_PACKED.sub("", Path(files[0].shown).name)).stem, files)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class JoinedSources:
    """All sources of a corpus, as a reader reads them.

    They are read `times` times, the digest included, and progress is reported over all of these.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        reader: Reader,
        name: str | None,
        copies: Path,
        times: int = 3,
    ) -> None:
        """Finds all files first, so that a wrong name is an error at once."""
        if not sources:
            raise TextError("there is no text to prepare", "Name one, or several.")
        include = reader.settings.include
        self.sources = [
            Source.of(named, include, copies / str(n)) for n, named in enumerate(sources)
        ]
        self.reader, self.emit = reader, reader.emit
        self.name = plain_name(name or self.sources[0].stem)
        self._size = times * sum(source.size for source in self.sources)
        self._done, self._reported = 0, -PIECE
        if not self._size:
            raise TextError(f"there is nothing in {self.listed(' and ')}", "Use a longer text.")
        if reader.prepares:
            self._check_beginnings()
        self.digests = [self._digest(source) for source in self.sources]
        """The sha256 of each source: of a file its own, of several files that of theirs."""

    @property
    def task(self) -> str:
        """What is done, for people who see its progress."""
        return f"preparing {self.name}"

    def listed(self, conjunction: str) -> str:
        """The names of the sources, for a message."""
        return conjunction.join(source.name for source in self.sources)

    def describe(self) -> list[dict[str, Any]]:
        """The sources as corpus.json lists them."""
        return [
            {"name": each.name, "files": len(each.files), "bytes": each.size, "sha256": sha256}
            for each, sha256 in zip(self.sources, self.digests, strict=True)
        ]

    def pieces(self) -> Iterator[str]:
        """The text of all sources, in pieces, with END after each document."""
        for _, _, pieces in self.texts():
            yield from pieces

    def texts(self) -> Iterator[tuple[int, str, Iterator[str]]]:
        """Of each file: the index of its source, its name, and its text, to be read at once."""
        for index, source in enumerate(self.sources):
            for path, shown, *_ in source.files:
                with open_source(path) as file:
                    yield index, shown, self._advancing(self.reader.pieces(file, shown), file)

    def check_unchanged(self) -> None:
        """Raise TextError if a file has been written to since it was found."""
        for file in chain.from_iterable(source.files for source in self.sources):
            if not os.path.exists(file.path) or _File.of(file.path, file.shown) != file:
                raise TextError(
                    f"{file.shown} changed while it was being read", "Prepare it again."
                )

    def _check_beginnings(self) -> None:
        """TextError for a source that does not begin with text, before all of it is read."""
        reader = replace(self.reader, emit=lambda _: None)
        for first, *_ in (source.files for source in self.sources):
            with open_source(first.path) as file:
                next(reader.pieces(file, first.shown), "")

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
                self.emit(Progress(self.task, self._done, self._size))
        self._done += file.tell() - before
