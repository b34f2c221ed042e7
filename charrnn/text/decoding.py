"""Bytes to text: any encoding, line ends, records of JSON lines, and documents that END ends.

Texts come and go in pieces, because a file may be larger than memory.
"""

import codecs
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from charrnn.errors import TextError, UsageError
from charrnn.settings import TextSettings
from charrnn.text.decompression import PIECE
from charrnn.text.source_files import MARK
from charrnn.text.tokenizers import END
from charrnn.values import unescaped

_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair
_HANDLERS = {"strict": "strict", "replace": "replace", "skip": "ignore"}
_LONGEST_RECORD = 1 << 26  # characters of a line, which has to be read as a whole


def decoded(
    chunks: Iterable[bytes], name: str, settings: TextSettings, raw: bool, prepares: bool = True
) -> Iterator[str]:
    """The text of one file, without its byte order mark.

    With `raw`, bytes that are not UTF-8 pass as lone surrogates, unless `settings.errors` says
    otherwise. Without, TextError names the first byte that cannot be decoded. `prepares`: its hint
    may name flags of a command that prepares a text.
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
                text = _whole_characters(text, settings)
        except UnicodeError as error:
            if utf8 and b"\0" in data:
                raise binary(name, prepares) from None
            encoding = settings.encoding
            raise _undecodable(error, name, encoding, position - pending, prepares) from None
        if first and text:
            text, first = text.removeprefix(MARK), False
        if text:
            yield text
        position += len(data)


def _whole_characters(text: str, settings: TextSettings) -> str:
    """The text without halves of surrogate pairs. UnicodeError if it has some, as settings say."""
    if settings.errors == "strict":
        text.encode("utf-8")
        return text
    return _HALF.sub("\N{REPLACEMENT CHARACTER}" if settings.errors == "replace" else "", text)


def binary(name: str, prepares: bool) -> TextError:
    """The error for a file with NULs."""
    return TextError(
        f"{name} is a binary file: it has NUL characters",
        "If it is text, name its encoding: --encoding utf-16, say. Sound, pictures and series are"
        " read by --task and --input, from a list of such files."
        + " To train on any bytes: --tokenizer byte."
        * prepares,
    )


def _undecodable(
    error: UnicodeError, name: str, encoding: str, start: int, prepares: bool
) -> TextError:
    """The error for a text in another encoding; its decoder's input began at byte `start`."""
    reason = str(error)
    if isinstance(error, UnicodeDecodeError):
        value, position = error.object[error.start], start + error.start
        reason = f"byte {position} (0x{value:02x}) cannot be decoded"
    return TextError(
        f"{name} is not {encoding}: {reason}",
        "Name its encoding with --encoding (latin-1, cp1252, utf-16-le, ...)."
        + " To train on it as it is: --tokenizer byte, or --errors replace." * prepares,
    )


def with_line_ends(
    pieces: Iterable[str], settings: TextSettings, notice: Callable[[], None]
) -> Iterator[str]:
    """The text of a file with its line ends as they are, or as settings say.

    `notice` is called at a CRLF that is kept.
    """
    lf = settings.newlines == "lf"
    lines = settings.document_per == "line" and settings.field is None
    newlines = io.IncrementalNewlineDecoder(None, translate=lf)  # which does not cut a CRLF
    for new in chain(pieces, ("",)):
        piece = newlines.decode(new, final=not new)
        if not lf and "\r" in piece and "\r\n" in piece:  # one character is found sooner than two
            if lines:
                piece = piece.replace("\r\n", "\n")
            else:
                notice()
        yield piece


def numbered_lines(pieces: Iterable[str], name: str, hint: str) -> Iterator[list[tuple[int, str]]]:
    """The lines of a file and their numbers, a list for each piece; a last one may be empty.

    TextError, with this hint, for one that is too long to be read as a whole.
    """
    begun: list[str] = []  # pieces of a line that has not ended yet
    size, number = 0, 1
    for piece in chain(pieces, ("\n",)):
        begun.append(piece)
        size += len(piece)
        if "\n" in piece:
            *lines, rest = "".join(begun).split("\n")
            yield [*enumerate(lines, number)]
            number += len(lines)
            begun, size = [rest], len(rest)
        if size > _LONGEST_RECORD:
            raise TextError(
                f"{name}, line {number} is longer than {_LONGEST_RECORD >> 20} million characters",
                hint,
            )


def records(pieces: Iterable[str], name: str, settings: TextSettings) -> Iterator[str]:
    """The texts in a field of JSON lines, each with a line's end, or END where it is a document.

    TextError names the line that is not such a record.
    """
    after = END if settings.document_per == "line" else "\n"
    hint = "JSON lines have a record a line. Without --field the file is read as a text."
    for lines in numbered_lines(pieces, name, hint):
        texts = [_text(line, number, name, settings) for number, line in lines if line.strip()]
        if settings.document_per == "line":
            texts = [text for text in texts if text]
        joined = "".join(text + after for text in texts)
        for start in range(0, len(joined), PIECE):
            yield joined[start : start + PIECE]


def _text(line: str, number: int, name: str, settings: TextSettings) -> str:
    """The text of one record. TextError says what is wrong with its line."""
    field = settings.field or ""
    where = f"{name}, line {number}"
    hint = "With --field, each line must be a JSON object that has its text there."
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise TextError(f"{where} is not JSON: {error.msg} (column {error.colno})", hint) from None
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits; 100,000 brackets
        raise TextError(f"{where} is not JSON that can be read: {error}", hint) from None
    if not isinstance(record, dict):
        raise TextError(f"{where} is not a JSON object", hint)
    if field not in record:
        listed = ", ".join(record)[:200] or "none"
        raise TextError(f"{where} has no field {field!r}", f"Its fields: {listed}.")
    if not isinstance(text := record[field], str):
        kind = type(text).__name__
        raise TextError(f"{where}: the field {field!r} is not a text but {kind}", hint)
    try:
        return _whole_characters(text, settings)
    except UnicodeError:
        raise TextError(
            f"{where}: the field {field!r} has half of a surrogate pair",
            "Leave such halves out with --errors skip, or write U+FFFD with --errors replace.",
        ) from None


def separator(document_per: str | None) -> str | None:
    r"""What stands between documents, with escapes such as `\n` interpreted; None: nothing does.

    UsageError where it cannot be one.
    """
    if document_per is None or document_per == "file":
        return None
    try:
        text = "\n" if document_per == "line" else unescaped(document_per)
    except ValueError:
        text = ""
    if not text:
        raise UsageError(
            f"--document-per {document_per!r} is not a separator",
            r"Write line, file, or what stands between documents: '\n\n', say.",
        )
    return text


def documents(pieces: Iterable[str], between: str | None) -> Iterator[str]:
    """The text of a file with END after each document that is not empty, the last included.

    END takes the place of what stands between documents; without, the file is one document.
    """
    if between is not None:
        pieces = _collapsed(_separated(pieces, between))
    piece = END
    for piece in filter(None, pieces):
        yield piece
    if not piece.endswith(END):
        yield END


def _separated(pieces: Iterable[str], between: str) -> Iterator[str]:
    """END in place of each separator, wherever the text is cut."""
    held = ""  # the beginning of a separator, perhaps
    for new in pieces:
        piece = (held + new).replace(between, END)
        kept = next((n for n in range(len(between) - 1, 0, -1) if piece.endswith(between[:n])), 0)
        cut = len(piece) - kept
        held = piece[cut:]
        yield piece[:cut]
    yield held


def _collapsed(pieces: Iterable[str]) -> Iterator[str]:
    """One END in place of several, and none at the beginning: without empty documents."""
    at_start = True
    for piece in pieces:
        while END + END in piece:
            piece = piece.replace(END + END, END)  # noqa: PLW2901  (the same piece, shorter)
        text = piece.removeprefix(END) if at_start else piece
        if text:
            at_start = text.endswith(END)
            yield text
