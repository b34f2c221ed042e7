"""A sentencepiece model that has nothing but subwords and their scores.

sentencepiece trusts the bytes of a model. So they are read here, by the few rules by which they are
written here (https://protobuf.dev/programming-guides/encoding), and any others are refused.
"""

import math
import struct

from charrnn.settings import TokenizerName

Scores = dict[str, float]
"""Subwords in the order of their ids, with their scores. U+2581 is a space in them."""

SPACE = "\u2581"
LONGEST = 16  # characters of a subword
SPECIAL = ["\n", *(f"<0x{byte:02X}>" for byte in range(256))]
"""The tokens before the subwords. They are ids 1 to 257 for sentencepiece: its <unk> is 0."""

_NORMAL, _UNKNOWN, _USER_DEFINED, _BYTE = 1, 2, 4, 6  # the types of sentencepiece's pieces
_LARGEST_SCORE = 1e6


def _entry(piece: str, score: float, kind: int) -> bytes:
    """One field `pieces` of ModelProto. Its sizes fit one byte: 16 characters are 64 bytes."""
    text = piece.encode()
    entry = b"\x0a" + bytes([len(text)]) + text + struct.pack("<BfBB", 0x15, score, 0x18, kind)
    return b"\x0a" + bytes([len(entry)]) + entry


_HEAD = (
    _entry("<unk>", 0, _UNKNOWN)
    + _entry("\n", 0, _USER_DEFINED)
    + b"".join(_entry(piece, 0, _BYTE) for piece in SPECIAL[1:])
)


def _tail(kind: TokenizerName) -> bytes:
    """TrainerSpec with model_type, byte_fallback, and no <s>, </s> and <pad>; NormalizerSpec."""
    minus_one = b"\xff" * 9 + b"\x01"
    trainer = b"\x18" + (b"\x02" if kind == "bpe" else b"\x01") + b"\x98\x02\x01" + b"\xc0\x02\x00"
    trainer += b"".join(tag + minus_one for tag in (b"\xc8\x02", b"\xd0\x02", b"\xd8\x02"))
    normalizer = b"\x0a\x08identity" + b"\x18\x00\x20\x00\x28\x01"
    return b"".join(
        tag + bytes([len(spec)]) + spec for tag, spec in ((b"\x12", trainer), (b"\x1a", normalizer))
    )


def write_model(kind: TokenizerName, scores: Scores) -> bytes:
    """The model's bytes, the same for the same subwords and scores."""
    entries = [_entry(piece, score, _NORMAL) for piece, score in scores.items()]
    return _HEAD + b"".join(entries) + _tail(kind)


def read_model(kind: TokenizerName, model: bytes) -> Scores:
    """The subwords and scores of a model. Raises ValueError for bytes not from `write_model`."""
    scores, at, end = {}, len(_HEAD), len(model) - len(_tail(kind))
    while at < end:
        entry = model[at + 2 : at + 2 + model[at + 1]]
        if len(entry) < 10:  # else it would not get on
            raise ValueError("the vocabulary of subwords is damaged")
        piece, (score,) = entry[2:-7].decode(), struct.unpack("<f", entry[-6:-2])
        if not _usable(piece, score):
            raise ValueError(f"the vocabulary of subwords must not have {piece!r}")
        scores[piece] = score
        at += 2 + len(entry)
    if SPACE not in scores or write_model(kind, scores) != model:  # a subword may stand twice
        raise ValueError("the vocabulary of subwords is damaged")
    return scores


def _usable(piece: str, score: float) -> bool:
    """Whether sentencepiece can use it as a subword, and text decoded with it is its own."""
    return (
        1 <= len(piece) <= LONGEST
        and not {" ", "\n", "\0"} & set(piece)
        and piece != "<unk>"
        and piece not in SPECIAL
        and math.isfinite(score)
        and abs(score) <= _LARGEST_SCORE
    )
