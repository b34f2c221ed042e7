"""A text is read three times over: for its digest, for its vocabulary, for its tokens."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from charrnn.events import Emit, Progress
from charrnn.settings import TextSettings
from charrnn.text.source import PIECE, opened, pieces
from charrnn.text.tokenizers import TOKENIZERS


def spooled(source: str | Path, spool: Path) -> Path:
    """A text is read three times over, so what can be read only once goes through a file."""
    with opened(source) as file:  # a wrong name is told before hours are spent on the right ones
        if source != "-" and Path(source).is_file():
            return Path(source)
        with spool.open("wb") as copy:
            shutil.copyfileobj(file, copy, PIECE)
    return spool


@dataclass
class Passes:
    """The passes over the sources, and how far they have come."""

    sources: Sequence[tuple[Path, str]]
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
        for path, _ in self.sources:
            digest = hashlib.sha256()
            with opened(path) as file:
                while data := file.read(PIECE):
                    digest.update(data)
                    self._advance(len(data))
            yield digest.hexdigest()

    def text(self) -> Iterator[str]:
        """The text of all sources, in pieces."""
        raw = TOKENIZERS[self.settings.tokens].raw
        for path, name in self.sources:
            with opened(path) as file:
                before = 0
                for piece in pieces(file, name, self.settings.encoding, raw):
                    yield piece
                    self._advance(file.tell() - before)
                    before = file.tell()
