"""What the score of a text stands beside: a guess, the frequencies of letters, compressors."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from charrnn.events import Scores
from charrnn.inference.score import score_of
from charrnn.storage.scores import digest, recall, remember
from charrnn.text.compressors import BEFORE, TEXT, baselines, text_bytes
from charrnn.text.corpus import Corpus, Tokens
from charrnn.text.tokenizers import Tokenizer, to_json

_MEMBERS = {"char": "letter", "byte": "byte", "number": "bin"}  # of vocabularies, by tokenizer
_COUNTED = 1 << 24  # tokens whose frequencies are counted
_AT_ONCE = 1 << 21  # tokens that are compressed without being asked for: it takes seconds


def baselines_of(corpus: Corpus, tokens: Tokens, *, every: bool = False) -> dict[str, Scores]:
    """Bits per character and per byte of all tokens (N,) but the first, by the name of each.

    `guessing` among the vocabulary; `letter_frequencies` of the training part, or those of its
    bytes or tokens; and the general compressors after the training part: of a longer text if they
    are remembered, or `every`.
    {} for fewer than two tokens.
    """
    if len(tokens) < 2:
        return {}
    train, tokenizer = corpus.part("train"), corpus.tokenizer
    one_nat = score_of(len(tokens) - 1.0, tokens, tokenizer)
    losses = {
        "guessing": math.log(tokenizer.size),
        f"{_MEMBERS.get(tokenizer.kind, 'token')}_frequencies": _loss(train, tokens, tokenizer),
    }
    if tokenizer.whole:  # a compressor would have to round numbers to bins, too
        return {name: replace(one_nat, loss=loss).scores for name, loss in losses.items()}
    compressed = compressed_bits(train, tokens, tokenizer, at_once=1 << 62 if every else _AT_ONCE)
    nats_per_bit_of_bytes = one_nat.bytes / one_nat.tokens * math.log(2)
    losses |= {name: bits * nats_per_bit_of_bytes for name, bits in compressed.items()}
    return {name: replace(one_nat, loss=loss).scores for name, loss in losses.items()}


def _loss(train: Tokens, tokens: Tokens, tokenizer: Tokenizer) -> float:
    """Nats per token by the frequencies of the training part, each token counted once more."""
    counts = [
        np.bincount(part[:_COUNTED], minlength=tokenizer.size)[: tokenizer.size]
        for part in (train, tokens[1:])
    ]
    frequencies = (counts[0] + 1) / (counts[0] + 1).sum()
    return float(-np.log(frequencies) @ counts[1] / max(1, counts[1].sum()))


def compressed_bits(
    train: Tokens, tokens: Tokens, tokenizer: Tokenizer, at_once: int
) -> Mapping[str, float]:
    """`compressors.baselines` of all tokens but the first, after the training part.

    {} for more than `at_once` tokens, unless they were compressed before.
    """
    before, text = train[-BEFORE:], tokens[1 : TEXT + 1]
    key = digest("compressed", to_json(tokenizer), before, text)
    known = recall(key)
    if known is None and len(before) + len(text) <= at_once:
        known = baselines(text_bytes(before, tokenizer), text_bytes(text, tokenizer))
        remember(key, known)
    return known or {}
