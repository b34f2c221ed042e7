"""The first bytes of a compressed file: what made it, and what must come out.

magic 2, version and flags 1, model 5, length of the original 1 to 9 (varint: seven bits a byte),
CRC-32 of the original 4, fingerprint of the arithmetic 2, check of all these 2.
"""

import zlib
from dataclasses import dataclass
from typing import Self

from charrnn.errors import CheckpointError

_MAGIC, _VERSION, _DYNAMIC = b"\xc7\x52", 1, 0x80
_MODEL, _FINGERPRINT, _CHECK, _LONGEST = 5, 2, 2, 9
_LARGEST = 1 << 24
"""Times its own size that a file may stand for: a damaged length is found before it is tried."""


def damaged(why: str) -> CheckpointError:
    """The error for a compressed file that cannot be what was written."""
    return CheckpointError(f"the compressed file is damaged: {why}", "Get another copy of it.")


@dataclass(frozen=True)
class Header:
    """What a compressed file says of itself. `model` and `fingerprint` are cut to their fields."""

    dynamic: bool
    model: bytes
    length: int
    checksum: int
    fingerprint: bytes

    def pack(self) -> bytes:
        """As bytes, for `unpack`."""
        flags = _VERSION | (_DYNAMIC if self.dynamic else 0)
        head = _MAGIC + bytes((flags,)) + self.model[:_MODEL] + _varint(self.length)
        head += self.checksum.to_bytes(4, "little") + self.fingerprint[:_FINGERPRINT]
        return head + _check(head)

    @classmethod
    def unpack(cls, data: bytes) -> tuple[Self, bytes]:
        """The header of a file, and what follows it. CheckpointError if it has no such header."""
        if data[:2] != _MAGIC:
            raise CheckpointError(
                "this is not a file of charrnn compress", "Name a file that it has written."
            )
        if len(data) < 4:
            raise damaged("it ends within its header")
        place = 3 + _MODEL
        length, place = _read_varint(data, place)
        end = place + 4 + _FINGERPRINT
        if data[end : end + _CHECK] != _check(data[:end]):
            raise damaged("its header's check fails")
        if data[2] & ~_DYNAMIC != _VERSION:
            raise CheckpointError(
                "the compressed file is of a later format", "Install a newer version of charrnn."
            )
        if length > _LARGEST * len(data):
            raise damaged("it cannot hold as much as it says")
        checksum = int.from_bytes(data[place : place + 4], "little")
        found = cls(
            bool(data[2] & _DYNAMIC), data[3 : 3 + _MODEL], length, checksum, data[end - 2 : end]
        )
        return found, data[end + _CHECK :]

    def is_of(self, identity: bytes) -> bool:
        """Whether the model of this identity has made the file."""
        return identity[:_MODEL] == self.model

    def fits(self, fingerprint: bytes) -> bool:
        """Whether arithmetic with this fingerprint has made the file."""
        return fingerprint[:_FINGERPRINT] == self.fingerprint


def _check(head: bytes) -> bytes:
    return zlib.crc32(head).to_bytes(4, "little")[:_CHECK]


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*found, number))


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    """The number there, and the place behind it."""
    number = 0
    for count, byte in enumerate(data[place : place + _LONGEST]):
        number |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return number, place + count + 1
    raise damaged("its length cannot be read")
