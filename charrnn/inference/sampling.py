"""Sampling: which token comes next, until a text is as long as it shall be, or stops.

One seed, one text: text 0 of a seed is drawn from NumPy's `default_rng(seed)`, text n from a
generator derived from (seed, n). `sampled_texts` samples many at once.
"""

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from charrnn.errors import DivergedError, UsageError
from charrnn.inference.drawing import RECENT, Prompt, TokenTables, draw
from charrnn.inference.utf8 import utf8_tables
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import END, Tokenizer

Ended = Literal["length", "stop", "newline", "document"]


def start_of(tokenizer: Tokenizer) -> str:
    """What a text without a prompt continues: END, a newline, or else the first token."""
    if tokenizer.end is not None:
        return END
    return tokenizer.decoder()(0) if tokenizer.unknown("\n") else "\n"


def read_prompt(
    network: LanguageModel, tokenizer: Tokenizer, text: str, before: Prompt | None = None
) -> Prompt:
    """Read a prompt, after the one `before` if it continues that.

    TextError if the vocabulary lacks a character.
    """
    ids = tokenizer.encode(text)
    if before:
        logits, state, recent, *_ = before
        unread = ids
    else:
        logits, state, recent = np.zeros(0), network.zero_state(), np.full(RECENT, -1)
        begin = start_of(tokenizer) if tokenizer.end is not None or not text else ""
        unread = tokenizer.encode(begin + text)
    with np.errstate(all="ignore"):
        for token in unread:
            logits, state = network.step(int(token), state)
    return Prompt(logits, state, np.concatenate([recent, ids])[-RECENT:])


def sample(network: LanguageModel, tokenizer: Tokenizer, settings: SampleSettings) -> Iterator[str]:
    """Text 0 of the seed in whole characters, as they are made: the prompt, then `length` more.

    Ends early before a stop. TextError if the prompt has a character that the vocabulary lacks,
    DivergedError if the model gives no finite logits.
    """
    check_stops(tokenizer, settings)
    prompt = read_prompt(network, tokenizer, settings.prompt or "")
    if settings.prompt:
        yield settings.prompt
    yield from sample_after(network, tokenizer, prompt, settings, generator_of(settings.seed, 0))


def sample_after(
    network: LanguageModel,
    tokenizer: Tokenizer,
    prompt: Prompt,
    settings: SampleSettings,
    generator: np.random.Generator,
) -> Iterator[str]:
    """What a network writes after a prompt that it has read. DivergedError as `sample`."""
    text = TextBuilder(tokenizer, settings, settings.prompt or "")
    tables = token_tables(tokenizer, settings)
    drawn = draw(network, prompt, settings, generator.random, tables)
    while not text.ended:
        token, top, _ = next(drawn)
        check_finite(math.isfinite(top))
        if piece := text.add(int(token)):
            yield piece


class TextBuilder:
    """The characters of one text, which follows a prompt, as its tokens arrive.

    There are `length` of them, or as many as there are up to a stop. A tokenizer's `whole` tokens
    count as one each.

    `tokens` are counted, and their `bits` summed, up to the token that ends the text.
    """

    def __init__(self, tokenizer: Tokenizer, settings: SampleSettings, prompt: str) -> None:
        self.decode, self.whole = tokenizer.decoder(prompt), tokenizer.whole
        self.left = settings.length
        self.stops: dict[str, Ended] = dict.fromkeys(settings.stop, "stop")
        if tokenizer.end is not None:
            self.stops[END] = "document"
        if settings.until == "newline":
            self.stops["\n"] = "newline"
        self.in_stops = frozenset("".join(self.stops))
        self.held, self.tokens, self.bits = "", 0, 0.0
        self.ended: Ended | None = None if self.left else "length"

    def add(self, token: int, bits: float = 0.0) -> str:
        """What can be shown, now that it is known; what may begin a stop is held back."""
        self.tokens += 1
        self.bits += bits
        piece = self.decode(token)
        piece = piece if self.whole else piece[: self.left]
        self.left -= 1 if self.whole else len(piece)
        if not self.left:
            self.ended = "length"
        if not self.held and self.in_stops.isdisjoint(piece):
            return piece
        text = self.held + piece
        ends = [(text.index(stop), kind) for stop, kind in self.stops.items() if stop in text]
        if ends:
            first, self.ended = min(ends, key=lambda end: end[0])
            return text[:first]
        kept = 0 if self.ended else max(_overlap(text, stop) for stop in self.stops)
        self.held = text[len(text) - kept :]
        return text[: len(text) - kept]


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of the text may be the beginning of a stop."""
    return max(n for n in range(len(stop)) if text.endswith(stop[:n]))


def check_stops(tokenizer: Tokenizer, settings: SampleSettings) -> None:
    """Raise TextError or UsageError for a stop that cannot come: it would never be noticed."""
    tokenizer.encode("".join(settings.stop))
    if settings.until == "document" and tokenizer.end is None:
        raise UsageError(
            "--until document: the model was trained on a text without documents",
            "Leave it out, or train on a corpus with --document-per.",
        )


def token_tables(tokenizer: Tokenizer, settings: SampleSettings) -> TokenTables:
    """What drawing must know of this vocabulary with these settings."""
    first, last = settings.temperatures
    lengths = np.zeros(0) if first == last else tokenizer.lengths[0].astype(np.float32)
    single_bytes = tokenizer.single_bytes
    if single_bytes is None:
        return TokenTables(lengths, np.zeros(0), np.zeros(0))
    return TokenTables(lengths, *utf8_tables(single_bytes))


def generator_of(seed: Any, number: int) -> np.random.Generator:
    """The random numbers of text `number` (from 0) of a seed: text 0 has `default_rng(seed)`."""
    key = (number,) if number else ()
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def check_finite(finite: bool) -> None:
    """DivergedError unless logits are finite."""
    if not finite:
        raise DivergedError(
            "the model has diverged: its logits are not finite",
            "Train another one, or check the numbers that it reads.",
        )
