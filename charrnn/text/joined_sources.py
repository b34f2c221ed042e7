"""The sources of a corpus, joined: read three times, for digest, vocabulary and tokens."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from charrnn.errors import TextError
from charrnn.events import Emit, Progress
from charrnn.files import plain_name
from charrnn.text.decompression import PIECE
from charrnn.text.source import Reader, open_source
from charrnn.text.source_files import source_files

T = TypeVar("T")

_PACKED = (".gz", ".bz2", ".xz", ".zst")


class _File(NamedTuple):
    """A file to read, or the copy of a stream. `modified` is in nanoseconds."""

    path: str
    size: int
    modified: int

    @classmethod
    def of(cls, path: str) -> "_File":
        found = os.stat(path)
        return cls(path, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Source:
    """A source as its name says it, and its files, `size` bytes in all, compressed as they may be.

    `copied`: its one file is a copy of a stream.
    """

    name: str
    files: list[_File]
    size: int
    copied: bool

    @classmethod
    def of(cls, source: str | Path, include: str | None, copy: Path) -> "Source":
        """Streams are copied, because a text is read three times. TextError if it is missing."""
        paths = source_files(source, include)
        name = _name(source)
        with open_source(paths[0]) as first:
            copied = paths[0] == "-" or not os.path.isfile(paths[0])
            if copied:
                with copy.open("wb") as target:
                    shutil.copyfileobj(first, target, PIECE)
                paths = [str(copy)]
        files = [_File.of(path) for path in paths]
        return cls(name, files, sum(file.size for file in files), copied)

    def shown(self, file: _File) -> str:
        """A file's name for messages."""
        return self.name if self.copied else file.path


@dataclass
class JoinedSources:
    """Reads all sources, several times, and reports progress over all of these."""

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
        found = [Source.of(source, include, copies / str(n)) for n, source in enumerate(sources)]
        joined = cls(found, plain_name(name or _stem(sources[0], found[0])), emit, times)
        if not joined.size:
            raise TextError(f"there is nothing in {joined.listed(' and ')}", "Use a longer text.")
        joined.digests += [joined._digest(source) for source in found]
        return joined

    @property
    def task(self) -> str:
        return f"preparing {self.name}"

    @property
    def size(self) -> int:
        """Bytes of all sources together."""
        return sum(source.size for source in self.sources)

    @property
    def files(self) -> int:
        """Files of all sources together."""
        return sum(len(source.files) for source in self.sources)

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
                "sha256": digest,
            }
            for source, digest in zip(self.sources, self.digests, strict=True)
        ]

    def pieces(self, reader: Reader) -> Iterator[str]:
        """The text of all sources, in pieces, with END after each document."""
        for _, _, pieces in self.texts(reader):
            yield from pieces

    def texts(self, reader: Reader) -> Iterator[tuple[int, str, Iterator[str]]]:
        """Of each file: the number of its source, its name, and its text, to be read at once."""
        for number, source in enumerate(self.sources):
            for listed in source.files:
                shown = source.shown(listed)
                with open_source(listed.path) as file:
                    yield number, shown, self._advancing(reader.pieces(file, shown), file)

    def check_unchanged(self) -> None:
        """Raise TextError if a file has been written to since it was found."""
        for source in self.sources:
            for file in source.files:
                if not os.path.exists(file.path) or _File.of(file.path) != file:
                    raise TextError(
                        f"{source.shown(file)} changed while it was being read",
                        "Prepare it again.",
                    )

    def _digest(self, source: Source) -> str:
        digests = []
        for listed in source.files:
            digest = hashlib.sha256()
            with open_source(listed.path) as file:
                for data in self._advancing(_chunks(file), file):
                    digest.update(data)
            digests.append(digest.hexdigest())
        joined = "".join(digests)
        return joined if len(digests) == 1 else hashlib.sha256(joined.encode()).hexdigest()

    def _advancing(self, pieces: Iterable[T], file: BinaryIO) -> Iterator[T]:
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


def _name(source: str | Path) -> str:
    """The name of a source: of a file or folder its own, of a pattern the pattern."""
    if source == "-":
        return "stdin"
    return Path(source).name or Path(source).resolve().name or str(source)


def _stem(source: str | Path, found: Source) -> str:
    """A corpus's name after its first source: a file's without endings, or a folder's."""
    if os.path.isdir(source):
        return found.name
    if len(found.files) > 1:
        return Path(os.path.commonpath([file.path for file in found.files])).resolve().name
    name = found.name if found.copied else Path(found.files[0].path).name
    for ending in _PACKED:
        name = name.removesuffix(ending)
    return Path(name).stem


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(PIECE):
        yield data
