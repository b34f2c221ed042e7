"""A file as the bits that a model needs for it, and back: the same bytes, or an error.

Its header is magic 2 bytes, version and flags 1, model 5, length of the original 1 to 9 (seven bits
a byte), CRC-32 of the original 4, fingerprint of the arithmetic 2, check of all these 2.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Self

from charrnn.errors import CharRNNError, CheckpointError, DivergedError, TextError
from charrnn.events import Emit
from charrnn.extras.compress.coder import Alphabet, damaged, decode, encode
from charrnn.extras.compress.prediction import fingerprint, identity, predictor_of
from charrnn.files import versions
from charrnn.storage.checkpoint import Checkpoint, load_checkpoint
from charrnn.storage.runs import MODEL, run_folders
from charrnn.text.source_files import read_whole

_MAGIC, _VERSION, _DYNAMIC = b"\xc7\x52", 1, 0x80
_MODEL, _FINGERPRINT, _CHECK, _LONGEST = 5, 2, 2, 9
_LARGEST = 1 << 24
"""Times its own size that a file may stand for: a damaged length is noticed before it is tried."""


class ArithmeticDiffersError(CheckpointError):
    """A file was compressed by other numbers than the model gives here."""

    def __init__(self, dynamic: bool) -> None:
        advice = "Decompress it where it was compressed, or on a machine of that kind"
        super().__init__(
            "the file was compressed by arithmetic that rounds otherwise than here",
            f"{advice}, with the same versions of numpy{' and torch' if dynamic else ''}, as many "
            f"threads of its BLAS{' and the same corpus' if dynamic else ''}.",
        )


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
        _check_magic(data)
        if len(data) < 4:
            raise damaged("it ends within its header")
        length, at = _read_varint(data, 3 + _MODEL)
        end = at + 4 + _FINGERPRINT
        if data[end : end + _CHECK] != _check(data[:end]):
            raise damaged("its header's check fails")
        if data[2] & ~_DYNAMIC != _VERSION:
            raise CheckpointError(
                "the compressed file is of a later format", "Install a newer version of charrnn."
            )
        if length > _LARGEST * len(data):
            raise damaged("it cannot hold as much as it says")
        checksum = int.from_bytes(data[at : at + 4], "little")
        model, arithmetic = data[3 : 3 + _MODEL], data[at + 4 : end]
        header = cls(bool(data[2] & _DYNAMIC), model, length, checksum, arithmetic)
        return header, data[end + _CHECK :]

    def is_of(self, model: bytes) -> bool:
        """Whether the model of this identity has made the file."""
        return model[:_MODEL] == self.model


def compress(
    data: bytes, checkpoint: Checkpoint, emit: Emit = lambda _: None, *, dynamic: bool = False
) -> bytes:
    """Any bytes, compressed. `dynamic`: the model learns from them as it goes.

    DivergedError if the model's outputs are not finite; TextError if the corpus that a dynamic
    model is measured on is not here.
    """
    alphabet, model = Alphabet(checkpoint.tokenizer), identity(checkpoint)
    hint = "compress without --dynamic"
    with predictor_of(checkpoint, dynamic, emit, hint) as predictor:
        arithmetic = fingerprint(predictor, model, alphabet.size)
        header = Header(dynamic, model, len(data), zlib.crc32(data), arithmetic)
        return header.pack() + encode(data, alphabet, predictor, emit)


def decompress(data: bytes, checkpoint: Checkpoint, emit: Emit = lambda _: None) -> bytes:
    """What `compress` was given. TextError as there.

    CheckpointError if the file is damaged, was made with another model, or on a machine whose
    arithmetic differs.
    """
    header, body = Header.unpack(data)
    alphabet, model = Alphabet(checkpoint.tokenizer), identity(checkpoint)
    if not header.is_of(model):
        raise CheckpointError(
            f"the file was compressed with another model than that of run {checkpoint.run}",
            "Leave --run out to look for its model among the runs here.",
        )
    hint = "decompress the file where the corpus is"
    with predictor_of(checkpoint, header.dynamic, emit, hint) as predictor:
        arithmetic = fingerprint(predictor, model, alphabet.size)
        if arithmetic[:_FINGERPRINT] != header.fingerprint:
            raise ArithmeticDiffersError(header.dynamic)
        try:
            original = decode(body, header.length, alphabet, predictor, emit)
        except DivergedError as error:  # it has learned what nobody wrote
            raise damaged("the model diverges on it") from error
    if zlib.crc32(original) != header.checksum:
        raise damaged("its checksum fails")
    return original


def decompress_by_any(
    data: bytes, checkpoints: Iterable[Checkpoint], emit: Emit
) -> tuple[bytes, Checkpoint]:
    """What `compress` was given, and the first of these models, one or more, that has made it.

    Errors as `decompress`, of the last model.
    """
    refused: CharRNNError | None = None
    for checkpoint in checkpoints:
        try:
            return decompress(data, checkpoint, emit), checkpoint
        except (ArithmeticDiffersError, TextError) as error:
            refused = error
    assert refused is not None
    raise refused


def models_of(data: bytes) -> list[Checkpoint]:
    """The models among the runs here, and their older versions, that may have made a file.

    A dynamic file depends on the corpus, too: of the runs with equal weights, one for each corpus,
    the newest first. CheckpointError if there is none, or if the file has no header.
    """
    header, _ = Header.unpack(data)
    by_corpus: dict[str, Checkpoint] = {}
    for folder in reversed(run_folders()):
        for path in versions(folder / MODEL):
            try:
                checkpoint = load_checkpoint(path)
            except CheckpointError:
                continue  # a damaged one may be another's
            if header.is_of(identity(checkpoint)):
                by_corpus.setdefault(checkpoint.corpus_key, checkpoint)
                if not header.dynamic:
                    return [checkpoint]
    if not by_corpus:
        raise CheckpointError(
            "none of the runs here has the model that compressed this file",
            "Name it with --run. A run that was trained further has another model than before.",
        )
    return [*by_corpus.values()]


def read_compressed(file: BinaryIO, name: str, most: int) -> bytes:
    """All of a compressed file, if its first bytes are those of one. Errors as `Header.unpack`.

    TextError for more than `most` bytes.
    """
    first = file.read(len(_MAGIC))
    _check_magic(first)
    return first + read_whole(file, name, most)


def _check_magic(data: bytes) -> None:
    if data[: len(_MAGIC)] != _MAGIC:
        raise CheckpointError(
            "this is not a file of charrnn compress", "Name a file that it has written."
        )


def _check(head: bytes) -> bytes:
    return zlib.crc32(head).to_bytes(4, "little")[:_CHECK]


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*digits, number))


def _read_varint(data: bytes, start: int) -> tuple[int, int]:
    """The number that begins there, and where it ends."""
    number = 0
    for count, byte in enumerate(data[start : start + _LONGEST]):
        number |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return number, start + count + 1
    raise damaged("its length cannot be read")
