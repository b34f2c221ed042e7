"""A corpus in figures: sizes, vocabulary, entropy, repetition, and what compressors make of it.

Memory does not grow with the corpus: what needs more than a count is measured on its beginning.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.evaluation.baselines import baselines_of
from charrnn.events import Emit, Progress, Scores, Unit
from charrnn.text.corpus import PARTS, Corpus, checked_ids
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.novelty import PIECE, Indices, hashes, indices_of, starts_of
from charrnn.text.tokenizers import END, Ids, Tokenizer

ENTROPY_TOKENS = 4_000_000
"""Tokens at the beginning of a corpus whose entropy is estimated."""
DUPLICATE_TOKENS, DUPLICATE_LINES = 1 << 28, 1 << 22
"""Tokens and lines at the beginning of a corpus among which repetitions are looked for."""
_MEMBERS = 10

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Member:
    """A token of the vocabulary: what it stands for, and how often it occurs."""

    symbol: str
    times: int


@dataclass(frozen=True)
class Statistics:
    """A corpus in figures.

    `entropies` of order 0, 1, ... are bits per `unit`: bytes for a tokenizer of bytes, else
    characters. `baselines` are of the validation part after the training part. `duplicated` is the
    part of the characters that stand in lines, or in documents where there are any, that have
    occurred before. The end of a document ends a line; a corpus of examples has no lines.
    """

    tokenizer: str
    unit: Unit
    characters: int
    bytes: int
    tokens: int
    lines: int | None
    documents: int
    parts: dict[str, int]
    vocabulary_size: int
    unused: int
    frequent: list[Member]
    rarest: list[Member]
    entropies: list[float]
    duplicated: float | None
    baselines: dict[str, Scores]

    def record(self) -> dict[str, Any]:
        """The figures as one JSON object, without those that the corpus does not have."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def statistics(corpus: Corpus, emit: Emit) -> Statistics:
    """All figures of a corpus.

    Sizes and members are counted over all of it. The entropy is estimated from the frequencies in
    its first 4 million tokens, so high orders of a short text come out too low. Duplicates are
    those among its first 2**28 tokens and 2**22 lines; compressors get the ends of two parts, see
    `compressors.baselines`.
    """
    tokenizer, tokens = corpus.tokenizer, corpus.tokens
    counts = np.zeros(tokenizer.size, np.int64)
    for first in range(0, len(tokens), PIECE):
        counts += token_counts(tokens[first : first + PIECE], tokenizer)
        emit(Progress(f"counting {corpus.name}", min(first + PIECE, len(tokens)), len(tokens)))
    characters, size = (int(counts @ lengths) for lengths in tokenizer.lengths)
    newlines, has_lines = _newlines(tokenizer), not isinstance(corpus, ExampleCorpus)
    entropies = entropy_by_order(tokens[:ENTROPY_TOKENS], tokenizer, 5, emit)
    duplicated = duplicated_part(tokens, tokenizer) if has_lines else None
    emit(Progress(f"compressing {corpus.name}", 0, 1))
    beside = baselines_of(corpus, corpus.part("valid"), every=True)
    emit(Progress(f"compressing {corpus.name}", 1, 1))
    return Statistics(
        tokenizer=tokenizer.kind,
        unit=tokenizer.unit,
        characters=characters,
        bytes=size,
        tokens=len(tokens),
        lines=int(counts @ newlines) + (not newlines[tokens[-1]]) if has_lines else None,
        documents=0 if tokenizer.end is None else int(counts[tokenizer.end]),
        parts={name: len(corpus.part(name)) for name in PARTS},
        vocabulary_size=tokenizer.size,
        unused=int((counts == 0).sum()),
        frequent=members(counts, tokenizer, rarest=False),
        rarest=members(counts, tokenizer, rarest=True),
        entropies=entropies,
        duplicated=duplicated,
        baselines=beside,
    )


def units(counts: Counts, tokenizer: Tokenizer) -> int:
    """How many bytes or characters the counted tokens (V,) stand for."""
    return int(counts @ tokenizer.lengths[tokenizer.unit == "byte"])


def token_counts(tokens: Ids, tokenizer: Tokenizer) -> Counts:
    """How often each token of the vocabulary occurs (V,). TextError for one that it lacks."""
    return np.bincount(checked_ids(tokens, tokenizer.size), minlength=tokenizer.size)


def members(counts: Counts, tokenizer: Tokenizer, rarest: bool) -> list[Member]:
    """The ten tokens that occur most often, or least often of those that occur at all."""
    order = np.argsort(counts if rarest else -counts, kind="stable")
    order = order[counts[order] > 0][:_MEMBERS]
    names = tokenizer.names
    return [Member(names[i], int(counts[i])) for i in order]


def entropy(counts: Counts) -> float:
    """Bits per token of a source that draws tokens as often as was counted."""
    occurring = counts[counts > 0]
    total = int(occurring.sum())
    return float(np.log2(total) - (occurring * np.log2(occurring)).sum() / total)


def entropy_by_order(tokens: Ids, tokenizer: Tokenizer, highest: int, emit: Emit) -> list[float]:
    """Bits per unit that tokens (N,) have, given the 0, 1, ... `highest` tokens before them.

    H(token | k tokens) = H(k + 1 tokens) - H(k tokens), each from the frequencies in the text.
    Blocks of k tokens are numbered; a block and its next token are the blocks of k + 1.
    """
    length = units(token_counts(tokens, tokenizer), tokenizer)
    bits_per_unit = []
    blocks = np.zeros(len(tokens), np.int64)  # of the k tokens before each
    for order in range(min(highest + 1, len(tokens))):
        emit(Progress("estimating the entropy", order, highest + 1))
        before = np.bincount(blocks)
        longer = blocks * tokenizer.size + tokens[order:]
        _, numbers, counts = np.unique(longer, return_inverse=True, return_counts=True)
        bits = entropy(counts) - entropy(before)
        bits_per_unit.append(max(0.0, bits) * len(tokens) / max(1, length))
        blocks = numbers[:-1]
    emit(Progress("estimating the entropy", highest + 1, highest + 1))
    return bits_per_unit


def duplicated_part(tokens: Ids, tokenizer: Tokenizer) -> float:
    """The part of the characters in lines, or documents, that have occurred before.

    Line ends and empty lines do not count. Lines are told apart by hashes of 64 bits.
    """
    tokens = tokens[:DUPLICATE_TOKENS]
    separator = _separator(tokens, tokenizer)
    stops = indices_of(separator, tokens, DUPLICATE_LINES)
    if len(stops) < DUPLICATE_LINES:
        stops = np.append(stops, len(tokens))
    before = _characters_before(stops, tokens, tokenizer)
    lengths = before - starts_of(before)  # what ends a line is one character
    _, firsts = np.unique(hashes(tokens, stops), return_index=True)
    total = int(lengths.sum())
    return 1 - int(lengths[firsts].sum()) / total if total else 0.0


def _characters_before(stops: Indices, tokens: Ids, tokenizer: Tokenizer) -> Counts:
    """The characters before each of D indices in a text (D,)."""
    lengths = tokenizer.lengths[0]
    counts, total, done = [], 0, 0
    for first in range(0, len(tokens), PIECE):
        last = int(np.searchsorted(stops, first + PIECE, "right"))
        sums = np.append(0, np.cumsum(lengths[tokens[first : first + PIECE]]))
        counts.append(total + sums[stops[done:last] - first])
        total, done = total + int(sums[-1]), last
    return np.concatenate(counts)


def _separator(tokens: Ids, tokenizer: Tokenizer) -> int:
    """The token that ends a document, where there are any, or else a line; -1 without lines."""
    if tokenizer.end is not None and (tokens[:PIECE] == tokenizer.end).any():
        return tokenizer.end
    return -1 if tokenizer.unknown("\n") else int(tokenizer.encode("\n")[0])


def _newlines(tokenizer: Tokenizer) -> Counts:
    """How many lines each token ends (V,)."""
    texts = [tokenizer.decoder()(token) for token in range(tokenizer.size)]
    return np.array([text.count("\n") + text.count(END) for text in texts])
