"""Files of tensors that can tell whether they are whole: safetensors, some JSON, a checksum.

The JSON stands under one metadata key, sorted, so equal contents are equal bytes. In it, `sha256`
is the digest of the whole file with zeros in the digest's place: not a bit of it can change unseen.
It guards against accidents, not against people. Loading such a file cannot run code.
"""

import errno
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KEY = "charrnn"
FORMAT = 2

_LONGEST = 1 << 24  # bytes of a header: more is no vocabulary, and takes long to read
_ZEROS = "0" * 64
_DIGEST = re.compile(rb'\\"sha256\\": \\"([0-9a-f]{64})\\"')


def metadata(data: Mapping[str, Any]) -> dict[str, str]:
    """What `seal` takes the tensors to be saved with."""
    whole = {**data, "format": FORMAT, "sha256": _ZEROS}
    return {KEY: json.dumps(whole, sort_keys=True)}


def seal(blob: bytes) -> bytearray:
    """The same safetensors file, with its checksum (anew, if it has one)."""
    sealed = bytearray(blob)
    place = _DIGEST.search(sealed, 8, 8 + int.from_bytes(sealed[:8], "little"))
    assert place, "made from `metadata`"
    start, end = place.span(1)
    sealed[start:end] = _ZEROS.encode()
    sealed[start:end] = hashlib.sha256(sealed).hexdigest().encode()
    return sealed


def unseal(path: Path) -> dict[str, Any]:
    """The JSON of a file that is whole; OSError, or ValueError that says what is wrong with it.

    No more than its header is held in memory.
    """
    if not path.is_file():  # a pipe would be waited for
        raise FileNotFoundError(f"there is no file {path.name}")
    with path.open("rb") as file:
        first = file.read(8)
        size = int.from_bytes(first, "little")
        if not 2 <= size <= _LONGEST:
            raise ValueError("it does not begin as such a file does")
        header = file.read(size)
        data = _said(header)
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


def proof(path: Path) -> None:
    """OSError if what has just been written is not what the disk gives back."""
    try:
        unseal(path)
    except ValueError as error:
        raise OSError(errno.EIO, f"what was written cannot be read again: {error}") from None


def _said(header: bytes) -> dict[str, Any]:
    """The JSON in a header. ValueError."""
    try:
        data: dict[str, Any] = json.loads(json.loads(header)["__metadata__"][KEY])
        known = data["format"] == FORMAT
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("it does not say what it is") from None
    if not known:
        raise ValueError(f"format {str(data['format'])[:20]} is not known to this version")
    return data
