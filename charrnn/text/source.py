"""Reading text: a file or stdin, in pieces, in any encoding, with errors that name the byte."""

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from charrnn.errors import TextError
from charrnn.text.tokenizers import Ids, Tokenizer

PIECE = 1 << 18
"""Bytes read at a time. Arrays of one piece, 8 bytes a character, then fit the processor's cache.
With 4 MB preparing took twice as long, and freed arrays of always another size fragmented the heap:
186 MB for 0.3 GB of text grew to 301 MB for 2.4 GB."""


def read_tokens(source: str | Path, tokenizer: Tokenizer, encoding: str) -> Ids:
    """All of a text file, or of stdin for `-`, as ids (N,). TextError if it cannot be read."""
    with open_source(source) as file:
        name = "stdin" if source == "-" else source
        pieces = read_pieces(file, name, encoding, tokenizer.raw)
        ids = [tokenizer.encode(piece) for piece in pieces]
    return np.concatenate(ids) if ids else np.zeros(0, np.uint8)


@contextmanager
def open_source(source: str | Path) -> Iterator[BinaryIO]:
    """The bytes of a file, or of stdin for `-`. TextError if it cannot be opened."""
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115  (closed below; only opening is guarded)
    except FileNotFoundError:
        raise TextError(f"there is no file {source}", "Check the path.") from None
    except IsADirectoryError:
        raise TextError(
            f"{source} is a folder, not a text", f"Name the files in it: {source}/*"
        ) from None
    except OSError as error:
        raise TextError(
            f"{source} cannot be read: {error.strerror}", "Check its path and permissions."
        ) from None
    with file:
        yield file


def read_pieces(file: BinaryIO, name: str | Path, encoding: str, raw: bool) -> Iterator[str]:
    """The text of a file, a piece at a time, with its line ends as they are.

    With `raw`, bytes that are not UTF-8 pass as lone surrogates. Without, TextError names the first
    byte that cannot be decoded.
    """
    utf8 = codecs.lookup(encoding).name == "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)(
        "surrogateescape" if raw and utf8 else "strict"
    )
    position = 0  # of the first byte that the decoder has not been given
    while True:
        data = file.read(PIECE)
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
            if not utf8:
                text.encode("utf-8")  # some encodings decode to half a surrogate pair
        except UnicodeError as error:
            raise _undecodable(error, name, encoding, position - pending) from None
        if not raw and "\0" in text:
            raise TextError(
                f"{name} is a binary file: it has NUL characters",
                "If it is text, name its encoding: --encoding utf-16, say. "
                "To train on any bytes: --tokenizer byte.",
            )
        if text:
            yield text
        if not data:
            return
        position += len(data)


def _undecodable(error: UnicodeError, name: str | Path, encoding: str, start: int) -> TextError:
    """The error for a text in another encoding; its decoder's input began at byte `start`."""
    reason = str(error)
    if isinstance(error, UnicodeDecodeError):
        value, position = error.object[error.start], start + error.start
        reason = f"byte {position} (0x{value:02x}) cannot be decoded"
    return TextError(
        f"{name} is not {encoding}: {reason}",
        "Name its encoding with --encoding (latin-1, cp1252, utf-16-le, ...), "
        "or train on bytes: --tokenizer byte.",
    )
