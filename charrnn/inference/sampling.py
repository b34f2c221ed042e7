"""Sampling: which token comes next, one text or many.

One seed, one text. Text 0 of a seed is drawn from NumPy's `default_rng(seed)`, text n from a
generator derived from (seed, n), with the same random numbers at each step however many are drawn
at once. And a text is computed by the same operations whether it is alone or one of many: a
product of one matrix with many texts' states would round differently, so each text has its own.
"""

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice, pairwise
from typing import Any, Self

import numpy as np

from charrnn.cells.arrays import Array, namespace
from charrnn.errors import DivergedError, UsageError
from charrnn.events import Emit
from charrnn.inference.drawing import RECENT, TokenTables, draw
from charrnn.inference.sampled_text import Block, SampledText, TextBuilder, spell
from charrnn.inference.utf8 import utf8_tables
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import END, Tokenizer

_STEPS = 64  # of many texts between two checks, two reports of progress
_TEXTS = 256  # computed at once, which bounds the memory
_MIN_TEXTS = 4  # per thread: fewer are computed faster by one


def start_of(tokenizer: Tokenizer) -> str:
    """What a text without a prompt continues: END, or a newline, where the vocabulary has one."""
    if tokenizer.end is not None:
        return END
    return tokenizer.decoder()(0) if tokenizer.unknown("\n") else "\n"


class Prompt:
    """A prompt that a network has read: logits (V,) of the token to draw, state, last tokens."""

    logits: Array
    state: State
    recent: Array

    def __init__(
        self, network: LanguageModel, tokenizer: Tokenizer, text: str, before: Self | None = None
    ) -> None:
        """`before`: what the text continues. TextError if the vocabulary lacks a character."""
        ids = tokenizer.encode(text)
        recent = before.recent if before else np.full(RECENT, -1)
        self.recent = np.concatenate([recent, ids])[-RECENT:]
        if before:
            self.logits, self.state = before.logits, before.state
        else:
            self.state = network.zero_state()
            begin = start_of(tokenizer) if tokenizer.end is not None or not text else ""
            ids = tokenizer.encode(begin + text)
        with np.errstate(all="ignore"):
            for token in ids:
                self.logits, self.state = network.step(int(token), self.state)


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


def sample(network: LanguageModel, tokenizer: Tokenizer, settings: SampleSettings) -> Iterator[str]:
    """Text 0 of the seed in whole characters, as they are made: the prompt, then `length` more.

    Ends early before a stop. TextError if the prompt has a character that the vocabulary lacks,
    DivergedError if the model gives no finite logits.
    """
    check_stops(tokenizer, settings)
    prompt = Prompt(network, tokenizer, settings.prompt or "")
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
    text, tables = TextBuilder(tokenizer, settings), token_tables(tokenizer, settings)
    drawn = draw(
        network, prompt.logits, prompt.state, settings, generator.random, tables, prompt.recent
    )
    while not text.ended:
        token, top, _ = next(drawn)
        check_finite(math.isfinite(top))
        if piece := text.add(int(token)):
            yield piece


def sample_many(
    network: LanguageModel,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    emit: Emit = lambda _: None,
    *,
    numbers: Iterable[int] | None = None,
    bits: bool = False,
) -> Iterator[SampledText]:
    """`count` texts, or those of these numbers, each as soon as it is whole. Errors as `sample`."""
    numbers = range(settings.count) if numbers is None else numbers
    texts = ((number, settings.prompt or "") for number in numbers)
    while some := list(islice(texts, _TEXTS)):
        yield from sample_batch(network, tokenizer, settings, some, emit, bits=bits)


def sample_prompts(
    network: LanguageModel,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    prompts: Iterable[Sequence[str]],
    *,
    bits: bool = False,
) -> Iterator[SampledText]:
    """`count` texts for each prompt, in order. Prompts come in lists of those that are there."""
    settings = replace(settings, seed=seed_of(settings))
    number = count()
    for some in prompts:
        texts = [(next(number), prompt) for prompt in some for _ in range(settings.count)]
        for first in range(0, len(texts), _TEXTS):
            batch = texts[first : first + _TEXTS]
            found = sample_batch(network, tokenizer, settings, batch, bits=bits)
            yield from sorted(found, key=lambda text: text.number)


def sample_batch(
    network: LanguageModel,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    texts: Sequence[tuple[int, str]],
    emit: Emit = lambda _: None,
    *,
    bits: bool = False,
) -> Iterator[SampledText]:
    """The texts of these numbers (from 0) and prompts, computed together, as they are whole."""
    from concurrent.futures import ThreadPoolExecutor  # slow to import, for one text

    check_stops(tokenizer, settings)
    read = {text: Prompt(network, tokenizer, text) for text in {text for _, text in texts}}
    seed, tables = seed_of(settings), token_tables(tokenizer, settings)

    def blocks(part: range) -> Iterator[Block]:
        generators = [generator_of(seed, texts[column][0]) for column in part]
        prompts = [read[texts[column][1]] for column in part]

        def uniform(shape: tuple[int, ...]) -> Array:
            steps, *_, vocabulary_size = shape
            found = [generator.random((steps, 1, vocabulary_size)) for generator in generators]
            return np.stack(found, axis=1)

        logits, state, recent = stacked(prompts)
        drawn = draw(network, logits, state, settings, uniform, tables, recent, bits)
        return in_blocks(drawn, settings)

    threads = max(1, min(_cores(), len(texts) // _MIN_TEXTS))
    with ThreadPoolExecutor(threads) as pool:
        parts = [blocks(part) for part in split(range(len(texts)), threads)]
        blocks_of_all = (joined(list(pool.map(next, parts))) for _ in count())
        yield from spell(tokenizer, settings, texts, blocks_of_all, emit)


def stacked(prompts: Sequence[Prompt]) -> tuple[Array, State, Array]:
    """Logits (B, 1, V), states (B, 1, H) and last tokens (B, 1, 64): their products are B apart."""
    logits = np.stack([prompt.logits for prompt in prompts])[:, None]
    layers = zip(*(prompt.state for prompt in prompts), strict=True)
    state = tuple(
        tuple(np.stack(arrays)[:, None] for arrays in zip(*layer, strict=True)) for layer in layers
    )
    return logits, state, np.stack([prompt.recent for prompt in prompts])[:, None]


def in_blocks(drawn: Iterator[Any], settings: SampleSettings) -> Iterator[Block]:
    """The next K steps at a time. DivergedError if logits are not finite."""
    length = max(1, settings.length)
    steps = math.ceil(length / math.ceil(length / _STEPS))
    while True:
        ids, tops, bits = zip(*islice(drawn, steps), strict=True)
        xp = namespace(tops[0])
        check_finite(bool(xp.all(xp.isfinite(xp.stack(tops)))))
        yield Block(xp.stack(ids), None if bits[0] is None else xp.stack(bits))


def joined(blocks: Sequence[Block]) -> Block:
    """Blocks of parts of a batch as one."""
    bits = [block.bits for block in blocks if block.bits is not None]
    ids = np.concatenate([block.ids for block in blocks], axis=1)
    return Block(ids, np.concatenate(bits, axis=1) if bits else None)


def seed_of(settings: SampleSettings) -> int:
    """The seed, or one drawn by chance."""
    return int(np.random.SeedSequence(settings.seed).entropy)  # type: ignore[arg-type]  # one int


def generator_of(seed: Any, number: int) -> np.random.Generator:
    """The random numbers of text `number` (from 0) of a seed: text 0 has `default_rng(seed)`."""
    key = (number,) if number else ()
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def split(numbers: range, parts: int) -> list[range]:
    """The numbers in at most so many ranges of nearly equal lengths."""
    cuts = [len(numbers) * part // parts for part in range(parts + 1)]
    return [numbers[first:last] for first, last in pairwise(cuts) if first < last]


def check_finite(finite: bool) -> None:
    """DivergedError unless logits are finite."""
    if not finite:
        raise DivergedError(
            "the model has diverged: its logits are not finite", "Train another one."
        )


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS or Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
