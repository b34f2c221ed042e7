"""Compressed texts: recognised by their first bytes, unpacked in pieces, within limits."""

import bz2
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from typing import Any, BinaryIO

from charrnn.errors import MissingError, TextError, to_install

PIECE = 1 << 18
"""Bytes read at a time. Arrays of one piece, 8 bytes a character, then fit the processor's cache.
With 4 MB preparing took twice as long, and freed arrays of always another size fragmented the heap:
186 MB for 0.3 GB of text grew to 301 MB for 2.4 GB."""

_ANY_RATIO = 64 << 20  # bytes that may come out of a file of any size
_LARGEST_RATIO = 1000  # gzip cannot exceed 1032; only what is made to fill a disk comes near it
_XZ_MEMORY = 256 << 20  # xz -9 needs 65 MB; a file can ask for 1.5 GB


class _Gzip:
    """zlib's decompressor with the interface of those of bz2, lzma and zstd."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length and not self._zlib.unconsumed_tail
        return piece


@dataclass(frozen=True)
class _Format:
    """A format of compressed files: its first bytes, its decompressor, and how that fails."""

    name: str
    beginning: re.Pattern[bytes]
    new: Callable[[], Any]
    failures: tuple[type[Exception], ...]


def _zstd() -> _Format:
    """MissingError where neither Python nor a package can read it."""
    module: Any = None
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            module = module or import_module(name)
    if module is None:
        raise MissingError(
            "reading zstd needs the package backports.zstd",
            to_install("zstd"),
        )
    return _Format("zstd", _ZSTD, module.ZstdDecompressor, (module.ZstdError,))


_FORMATS = (
    _Format("gzip", re.compile(rb"\x1f\x8b\x08"), _Gzip, (zlib.error,)),
    _Format(
        "bzip2", re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), bz2.BZ2Decompressor, (OSError,)
    ),
    _Format(
        "xz", re.compile(rb"\xfd7zXZ\0"),
        lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY), (lzma.LZMAError,),
    ),
)  # fmt: skip
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd")


def unpacked(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The contents of a file, at most PIECE bytes at a time, decompressed if it is compressed.

    TextError where the compressed data is damaged, cut short, or far larger than its file.
    MissingError for zstd where it cannot be read.
    """
    chunks = iter(lambda: file.read(PIECE), b"")
    first = next(chunks, b"")
    form = next((form for form in _FORMATS if form.beginning.match(first)), None)
    if _ZSTD.match(first):
        form = _zstd()
    chunks = chain([first], chunks)
    return _decompressed(form, chunks, _size(file), name) if form else filter(None, chunks)


def _decompressed(
    form: _Format, chunks: Iterable[bytes], packed: int, name: str
) -> Iterator[bytes]:
    """The contents of all members of a compressed file of `packed` bytes."""
    read = written = 0
    member: Any = None
    for chunk in chunks:
        read, data = read + len(chunk), chunk
        while member or (data := data.lstrip(b"\0")):  # members may be padded
            member = member or form.new()
            piece = _step(form, member, data, name)
            written += len(piece)
            if written > max(_ANY_RATIO, _LARGEST_RATIO * max(packed, read)):
                raise TextError(
                    f"{name} unpacks to more than {_LARGEST_RATIO} times its size",
                    "If it is meant to, unpack it first, and name what comes out.",
                )
            if piece:
                yield piece
            data = b""
            if member.eof:
                data, member = member.unused_data, None
            elif member.needs_input:
                break
    if member:
        raise TextError(
            f"{name} is cut short: its {form.name} data does not end",
            "Copy or download it again.",
        )


def _step(form: _Format, member: Any, data: bytes, name: str) -> bytes:
    """The next piece of a member. TextError if the data is damaged."""
    try:
        piece: bytes = member.decompress(data, PIECE)
        return piece
    except form.failures as error:
        if "Memory usage limit" in str(error):
            raise TextError(
                f"{name} needs more than {_XZ_MEMORY >> 20} MB of memory to be unpacked",
                "Unpack it first, and name what comes out.",
            ) from None
        raise TextError(
            f"{name} is damaged: it is not {form.name} all through", "Copy or download it again."
        ) from None


def _size(file: BinaryIO) -> int:
    """Bytes of a file; 0 for a stream."""
    try:
        return os.fstat(file.fileno()).st_size
    except OSError:  # not a file of the system
        return 0
