"""Bytes to text, in any encoding, with errors that name the byte; and the text's line ends."""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from charrnn.errors import TextError
from charrnn.settings import TextSettings

MARK = "\ufeff"
"""The byte order mark, which may stand before a text."""
_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair
_HANDLERS = {"strict": "strict", "replace": "replace", "skip": "ignore"}


def decoded(chunks: Iterable[bytes], name: str, settings: TextSettings, raw: bool) -> Iterator[str]:
    """The text of one file, a piece at a time, without its byte order mark.

    With `raw`, bytes that are not UTF-8 pass as lone surrogates, unless `settings.errors` says
    otherwise. Without, TextError names the first byte that cannot be decoded.
    """
    utf8 = codecs.lookup(settings.encoding).name == "utf-8"
    as_it_is = raw and utf8 and settings.errors == "strict"
    decoder = codecs.getincrementaldecoder(settings.encoding)(
        "surrogateescape" if as_it_is else _HANDLERS[settings.errors]
    )
    position = 0  # of the first byte that the decoder has not been given
    first = True
    for data in chain(chunks, (b"",)):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
            if not utf8:  # some encodings decode to half a surrogate pair
                text = whole_characters(text, settings)
        except UnicodeError as error:
            raise _undecodable(error, name, settings.encoding, position - pending) from None
        if first and text:
            text, first = text.removeprefix(MARK), False
        if text:
            yield text
        position += len(data)


def whole_characters(text: str, settings: TextSettings) -> str:
    """The text without halves of surrogate pairs. UnicodeError if it has some, as settings say."""
    if settings.errors == "strict":
        text.encode("utf-8")
        return text
    return _HALF.sub("\N{REPLACEMENT CHARACTER}" if settings.errors == "replace" else "", text)


def with_line_ends(
    pieces: Iterable[str], settings: TextSettings, notice: Callable[[], None]
) -> Iterator[str]:
    """The text of a file with its line ends as they are, or as settings say.

    `notice` is called at a CRLF that is kept.
    """
    lf = settings.newlines == "lf"
    lines = settings.document_per == "line" and settings.field is None
    held = ""  # a CR, which may be the first half of a CRLF
    for new in pieces:
        piece = held + new if held else new
        held = ""
        if "\r" not in piece:
            yield piece
            continue
        if piece.endswith("\r"):
            piece, held = piece[:-1], "\r"
        if lf or lines:
            piece = piece.replace("\r\n", "\n")
        elif "\r\n" in piece:
            notice()
        yield piece.replace("\r", "\n") if lf else piece
    if held:
        yield "\n" if lf else held


def _undecodable(error: UnicodeError, name: str, encoding: str, start: int) -> TextError:
    """The error for a text in another encoding; its decoder's input began at byte `start`."""
    reason = str(error)
    if isinstance(error, UnicodeDecodeError):
        value, position = error.object[error.start], start + error.start
        reason = f"byte {position} (0x{value:02x}) cannot be decoded"
    return TextError(
        f"{name} is not {encoding}: {reason}",
        "Name its encoding with --encoding (latin-1, cp1252, utf-16-le, ...). To train on it as it "
        "is: --tokenizer byte, or --errors replace.",
    )
