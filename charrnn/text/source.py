"""The text in a source: in a file, a folder's files, the files of a pattern, or stdin."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from charrnn.errors import TextError
from charrnn.events import Emit, Noticed
from charrnn.settings import TextSettings, UnknownName
from charrnn.text.decoding import decoded, with_line_ends
from charrnn.text.decompression import PIECE, unpacked
from charrnn.text.documents import documents, records
from charrnn.text.encoding import encode_pieces
from charrnn.text.source_files import source_files, unreadable
from charrnn.text.tokenizers import Ids, Tokenizer
from charrnn.text.tokenizers.byte import is_utf8


def read_text(source: str | Path, settings: TextSettings, emit: Emit, raw: bool) -> Iterator[str]:
    """The text of a file, a folder's files, the files of a pattern, or stdin for `-`, in pieces.

    END stands after each document. `raw`: bytes that are not text pass, for a tokenizer of bytes.
    TextError if there is none such, or if it cannot be read.
    """
    reader = Reader(settings, raw, emit)
    for path in source_files(source, settings.include):
        with open_source(path) as file:
            yield from reader.pieces(file, "stdin" if path == "-" else path)


def read_tokens(
    source: str | Path,
    tokenizer: Tokenizer,
    settings: TextSettings,
    emit: Emit,
    unknown: UnknownName = "error",
) -> tuple[Ids, int]:
    """All of a source's text as ids (N,), and how many unknown characters were not read as such.

    TextError if it cannot be read, or has unknown characters that are an error.
    """
    from charrnn.text.unknown import known_text

    text = "".join(read_text(source, settings, emit, tokenizer.raw))
    text, changed = known_text(text, tokenizer, unknown)
    pieces = (text[start : start + PIECE] for start in range(0, len(text), PIECE))
    ids = list(encode_pieces(tokenizer, pieces))
    return (np.concatenate(ids) if ids else np.zeros(0, np.uint8)), changed


@dataclass
class Reader:
    """Reads the text of files as settings say. Notices a CRLF that is kept, once."""

    settings: TextSettings
    raw: bool
    emit: Emit
    noticed: bool = False
    utf8: bool = True
    """Whether nothing that was read had bytes that are not UTF-8."""

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


@contextmanager
def open_source(path: str | Path) -> Iterator[BinaryIO]:
    """The bytes of a file, or of stdin for `-`. TextError if it cannot be opened."""
    if path == "-":
        yield sys.stdin.buffer
        return
    try:
        file = open(path, "rb")  # noqa: SIM115  (closed below; Path.open is slower)
    except (FileNotFoundError, ValueError):  # a name with NUL
        raise TextError(f"there is no file {path}", "Check the path.") from None
    except OSError as error:
        raise unreadable(error, path) from None
    with file:
        yield file
