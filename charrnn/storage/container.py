"""Files of tensors that can tell whether they are whole: safetensors, JSON and a checksum.

The JSON stands under one metadata key, sorted, so equal contents are equal bytes. In it, `sha256`
is the digest of the whole file with zeros in the digest's place, so a changed bit is found. It
guards against accidents, not against people. Loading such a file cannot run code.
"""

import errno
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from charrnn.files import open_regular

KEY = "charrnn"
FORMAT = 3
READABLE = (2, FORMAT)
"""Format 2 has the names of an earlier version: see `old_formats`."""

UNREADABLE = (
    OSError, SafetensorError, ValueError, LookupError, TypeError, AttributeError, OverflowError,
)  # fmt: skip
"""What reading a file that somebody else may have written can raise."""

Save = Callable[[dict[str, Any], dict[str, str]], bytes]

_LONGEST = 1 << 24  # bytes of a header: no vocabulary needs more, and parsing it takes time
_ZEROS = "0" * 64
_DIGEST = re.compile(rb'\\"sha256\\": \\"([0-9a-f]{64})\\"')


def sealed(save: Save, tensors: Mapping[str, Any], data: Mapping[str, Any]) -> bytearray:
    """The file of tensors and JSON, by the `save` of safetensors for their library.

    MemoryError where memory does not suffice: safetensors would end the process.
    """
    size = sum(tensor.nbytes for tensor in tensors.values())
    bytes(3 * size + _LONGEST)  # the copies that are made at once; given back before it is used
    said = json.dumps({**data, "format": FORMAT, "sha256": _ZEROS}, sort_keys=True)
    return add_checksum(save(dict(tensors), {KEY: said}))


def add_checksum(blob: bytes) -> bytearray:
    """The same safetensors file with its checksum computed (again)."""
    checked = bytearray(blob)
    place = _DIGEST.search(checked, 8, 8 + int.from_bytes(checked[:8], "little"))
    assert place, "made from `metadata`"
    start, end = place.span(1)
    checked[start:end] = _ZEROS.encode()
    checked[start:end] = hashlib.sha256(checked).hexdigest().encode()
    return checked


def begins_as_text(path: Path) -> bool:
    """Whether a file has text, not NULs: one of this kind begins with a number of eight bytes."""
    if path.suffix == ".safetensors":
        return False
    try:
        with path.open("rb") as file:
            start = file.read(1 << 10)
        return bool(start) and b"\0" not in start
    except OSError:  # reading it says why
        return False


def read_metadata(path: Path) -> dict[str, Any]:
    """The JSON of a file whose checksum is right. OSError, or ValueError that says what is wrong.

    Only the header is held in memory.
    """
    with open_regular(path) as file:
        first = file.read(8)
        size = int.from_bytes(first, "little")
        if not 2 <= size <= _LONGEST:
            raise ValueError("it does not begin like a safetensors file")
        header = file.read(size)
        data = _parse(header)
        place = _DIGEST.search(header)
        if not place:
            raise ValueError("it has no checksum")
        start, end = place.span(1)
        digest = hashlib.sha256(first + header[:start] + _ZEROS.encode() + header[end:])
        while piece := file.read(1 << 20):
            digest.update(piece)
    if digest.hexdigest() != place.group(1).decode():
        raise ValueError("its checksum is wrong, so the file is damaged")
    return data


def verify(path: Path) -> None:
    """OSError if the disk does not give back what has just been written."""
    try:
        read_metadata(path)
    except ValueError as error:
        raise OSError(errno.EIO, f"what was written cannot be read again: {error}") from None


def _parse(header: bytes) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(json.loads(header)["__metadata__"][KEY])
        readable = data["format"] in READABLE
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("it has no charrnn metadata") from None
    if not readable:
        raise ValueError(f"this version does not know format {str(data['format'])[:20]}")
    return data
