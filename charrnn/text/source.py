"""Reading text: a file or stdin, in pieces, in any encoding, with an error that says where."""

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from charrnn.errors import TextError
from charrnn.text.tokenizers import Ids, Tokenizer

PIECE = 1 << 22  # bytes read at a time: enough to be fast, little enough to hold many


def tokens_of(source: str | Path, tokenizer: Tokenizer, encoding: str) -> Ids:
    """All of a text file, or of stdin for `-`, as ids (N,). TextError if it cannot be read."""
    with opened(source) as file:
        name = "stdin" if source == "-" else source
        found = [tokenizer.encode(piece) for piece in pieces(file, name, encoding, tokenizer.raw)]
    return np.concatenate(found) if found else np.zeros(0, np.uint8)


@contextmanager
def opened(source: str | Path) -> Iterator[BinaryIO]:
    """The bytes of a file, or of stdin for `-`. TextError if there is no such file."""
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115  (closed below; only opening is guarded)
    except FileNotFoundError:
        raise TextError(f"there is no file {source}", "Check the path.") from None
    except IsADirectoryError:
        raise TextError(f"{source} is a folder, not a text", "Name its files.") from None
    except OSError as error:
        raise TextError(f"{source} cannot be read: {error.strerror}", "Check the path.") from None
    with file:
        yield file


def pieces(file: BinaryIO, name: str | Path, encoding: str, raw: bool) -> Iterator[str]:
    """The text of a file, some megabytes at a time, its line ends as they are.

    `raw` lets bytes through that are no UTF-8, as lone surrogates. Otherwise TextError names the
    first byte that cannot be read.
    """
    utf8 = codecs.lookup(encoding).name == "utf-8"
    anything = raw and utf8
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape" if anything else "strict")
    position = 0  # of the first byte that the decoder has not seen
    while True:
        data = file.read(PIECE)
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
            if not utf8:
                text.encode("utf-8")  # some encodings let half a surrogate pair through
        except UnicodeError as error:
            what = str(error)
            if isinstance(error, UnicodeDecodeError):
                byte, where = error.object[error.start], position - held + error.start
                what = f"byte {where} (0x{byte:02x}) cannot be read"
            raise TextError(
                f"{name} is not {encoding}: {what}",
                "Say how it is encoded with --encoding (latin-1, cp1252, utf-16-le, ...), "
                "or model bytes: train with --tokens byte.",
            ) from None
        if not raw and "\0" in text:
            raise TextError(
                f"{name} looks like a binary file: it has NUL characters",
                "If it is text, say how it is encoded with --encoding (utf-16, ...); "
                "to model any bytes train with --tokens byte.",
            )
        if text:
            yield text
        if not data:
            return
        position += len(data)
