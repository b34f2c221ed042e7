"""A sentencepiece model that has nothing but subwords and their scores: learned, written, read.

sentencepiece learns subwords from a bounded sample of a text. It trusts the bytes of a model. So
they are read here, by the few rules by which they are written here
(https://protobuf.dev/programming-guides/encoding), and any others are refused.
"""

import io
import math
import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator

from charrnn.settings import TokenizerName

Scores = dict[str, float]
"""Subwords in the order of their ids, with their scores. U+2581 is a space in them."""

SPACE = "\u2581"
LONGEST = 16  # characters of a subword
SPECIAL = ["\n", *(f"<0x{byte:02X}>" for byte in range(256))]
"""The tokens before the subwords. They are ids 1 to 257 for sentencepiece: its <unk> is 0."""

_NORMAL, _UNKNOWN, _USER_DEFINED, _BYTE = 1, 2, 4, 6  # the types of sentencepiece's pieces
_LARGEST_SCORE = 1e6

CHUNK, MOST_CHUNKS = 1 << 12, 1 << 10  # 4 million characters: half a minute if without spaces
# A subword never reaches over these: what sentencepiece reads otherwise, half characters, END.
_BORDERS = f"\n\0{SPACE}\u2585\ud800-\udfff"


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


def learn_subwords(text: Iterable[str], kind: TokenizerName, size: int, end: bool) -> Scores:
    """The subwords of a text for a vocabulary of `size` tokens, or fewer if it has not so many.

    `end`: one token is left for END.
    """
    import sentencepiece

    subwords = size - len(SPECIAL) - end
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_sentences(sample(text), subwords // 2)),
        model_writer=model,
        model_type=kind,
        vocab_size=size - end + 1,  # <unk>
        hard_vocab_limit=False,
        byte_fallback=True,
        user_defined_symbols=["\n"],
        unk_id=0,
        bos_id=-1,
        eos_id=-1,
        pad_id=-1,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        character_coverage=1.0,
        max_sentence_length=CHUNK * 4,
        max_sentencepiece_length=LONGEST,
        num_threads=4,  # always as many, for the sums of unigram depend on it
        seed_sentencepiece_size=max(10_000, 16 * size),  # a million is slower, and no better
        minloglevel=3,
    )
    learned = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    ids = list(range(1 + len(SPECIAL), learned.get_piece_size()))
    return dict(zip(learned.id_to_piece(ids), learned.get_score(ids), strict=True))


def sample(text: Iterable[str]) -> list[str]:
    """Chunks from all over a text that comes in pieces, however it is cut into pieces."""
    kept: list[str] = []
    every = 1
    for number, chunk in enumerate(_chunks(text)):
        if number % every == 0:
            kept.append(chunk)
        if len(kept) > MOST_CHUNKS:
            kept, every = kept[::2], every * 2
    return kept


def _chunks(text: Iterable[str]) -> Iterator[str]:
    """The text in chunks of the same number of characters, except for the last."""
    held = ""
    for piece in text:
        held += piece
        whole = len(held) - len(held) % CHUNK
        yield from (held[start : start + CHUNK] for start in range(0, whole, CHUNK))
        held = held[whole:]
    yield held


def _sentences(chunks: list[str], most_characters: int) -> list[str]:
    """The sample in parts that have at most so many different characters: the most frequent."""
    counts: Counter[str] = Counter()
    for chunk in chunks:
        counts.update(chunk)
    for always in re.findall(f"[ {_BORDERS}]", "".join(counts)):
        del counts[always]
    by_frequency = sorted(counts, key=lambda character: (-counts[character], character))
    rare = re.escape("".join(by_frequency[most_characters:]))
    border = re.compile(f"[{_BORDERS}{rare}]+")
    parts = [part for chunk in chunks for part in border.split(chunk) if part]
    return [*parts, " "]  # else a text without spaces would give no token for them
