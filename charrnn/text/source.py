"""Reading text: a file or stdin, in pieces, in any encoding, with an error that says where."""

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from charrnn.errors import TextError

PIECE = 1 << 22  # bytes read at a time: enough to be fast, little enough to hold many


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
    with file:
        yield file


def pieces(file: BinaryIO, name: str | Path, encoding: str, raw: bool) -> Iterator[str]:
    """The text of a file, some megabytes at a time, its line ends as they are.

    `raw` lets bytes through that are no UTF-8, as lone surrogates. Otherwise TextError names the
    first byte that cannot be read.
    """
    anything = raw and codecs.lookup(encoding).name == "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape" if anything else "strict")
    position = 0  # of the first byte that the decoder has not seen
    while True:
        data = file.read(PIECE)
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            where = position - held + error.start
            raise TextError(
                f"{name} is not {encoding}: byte {where} (0x{error.object[error.start]:02x}) "
                f"cannot be read",
                "Say how it is encoded with --encoding (latin-1, cp1252, utf-16, ...), "
                "or take it as bytes with --tokens byte.",
            ) from None
        if not raw and "\0" in text:
            raise TextError(
                f"{name} looks like a binary file: it has NUL characters",
                "If it is text, say how it is encoded with --encoding (utf-16, ...); "
                "to model any bytes take --tokens byte.",
            )
        if text:
            yield text
        if not data:
            return
        position += len(data)
