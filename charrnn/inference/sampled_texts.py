"""Many texts at once, in whole characters, of a length, up to a stop.

Each text has the same random numbers at each step however many are drawn at once. And its numbers
round alike: text 0 is computed alone, as `sampling.sample` does, and others are rows of a product
whose size depends on the text's number alone (see `blocks`).
"""

import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import count, zip_longest

import numpy as np

from charrnn.errors import NothingFoundError
from charrnn.events import Emit, Noticed, Progress
from charrnn.inference.blocks import Blocks, SampledText, Source
from charrnn.inference.sampling import check_stops, read_prompt, token_tables
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings
from charrnn.text.novelty import Novelty
from charrnn.text.tokenizers import Tokenizer

ROWS = {0: 1, 16: 16, 64: 64, 512: 128}
"""Texts of one product, for those of these numbers and above.

Each of a few is fastest alone, and a product takes as long for fewer texts than it has room for.
"""
_ALONE = {0: 1}
_TEXTS = 64  # of a thread, each alone: they share its operations in Python
_MIN_TEXTS = 4  # of a thread, each alone: fewer are computed faster by one
_CANDIDATES = 20  # for each text asked for, at most
_TRIED = 256  # candidates sampled at once, at most


def sample_many(
    network: LanguageModel,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    emit: Emit = lambda _: None,
    *,
    numbers: Iterable[int] | None = None,
    bits: bool = False,
) -> Iterator[SampledText]:
    """`count` texts, or those of these numbers, in this order. Errors as `sample`."""
    numbers = range(settings.count) if numbers is None else numbers
    texts = [(number, settings.prompt or "") for number in numbers]
    return sample_texts(network, tokenizer, settings, texts, emit, bits=bits)


def sample_prompts(
    network: LanguageModel,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    prompts: Iterable[Sequence[str]],
    *,
    bits: bool = False,
) -> Iterator[SampledText]:
    """`count` texts for each prompt, in order. Prompts come in lists of those that are there.

    Each text is computed alone: an answer may be waited for before the next prompt comes.
    """
    settings = replace(settings, seed=seed_of(settings))
    number = count()
    for group in prompts:
        texts = [(next(number), prompt) for prompt in group for _ in range(settings.count)]
        yield from sample_texts(network, tokenizer, settings, texts, bits=bits, rows_from=_ALONE)


def sample_texts(
    network: LanguageModel,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    texts: Sequence[tuple[int, str]],
    emit: Emit = lambda _: None,
    *,
    bits: bool = False,
    rows_from: Mapping[int, int] = ROWS,
) -> Iterator[SampledText]:
    """The texts of these numbers (from 0) and prompts, in order, each as soon as it is whole."""
    check_stops(tokenizer, settings)
    settings = replace(settings, seed=seed_of(settings))
    source = Source(
        network,
        tokenizer,
        settings,
        token_tables(tokenizer, settings),
        lru_cache(maxsize=1)(lambda prompt: read_prompt(network, tokenizer, prompt)),
        deque(),
        bits,
    )
    parts = list[Blocks]()
    for (first, rows), last in zip_longest(rows_from.items(), [*rows_from][1:]):
        waiting = deque(text for text in texts if first <= text[0] < (last or math.inf))
        shapes = _shapes(len(waiting), rows) if waiting else []
        parts += [Blocks(source._replace(waiting=waiting), shape) for shape in shapes]
    before = texts[0][0] if texts else 0
    ended = _ended(parts, settings, before, emit)
    return in_order([number + 1 for number, _ in texts], ended)


def _shapes(texts: int, rows: int) -> list[tuple[int, int]]:
    """The shapes of blocks that keep all cores busy."""
    cores, products = _cores(), math.ceil(texts / rows)
    if rows > 1:
        return [(1, rows)] * (products if products < 2 * cores else cores)
    threads = min(cores, math.ceil(texts / _MIN_TEXTS))
    return [(math.ceil(min(texts / threads, _TEXTS)), 1)] * threads


def _ended(
    parts: Sequence[Blocks], settings: SampleSettings, before: int, emit: Emit
) -> Iterator[list[SampledText]]:
    """Texts as they end in blocks that advance by themselves; `before` were sampled earlier."""
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait  # slow to import

    task, total = f"sampling {settings.count} texts", settings.count * settings.length
    pool = ThreadPoolExecutor(max(1, min(_cores(), len(parts))))
    try:
        running = {pool.submit(part.advance): part for part in parts}
        characters = dict.fromkeys(parts, 0)  # of texts that have not ended
        while running:
            done = before * settings.length + sum(characters.values())
            emit(Progress(task, min(done, total), total))
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            texts = list[SampledText]()
            for future in finished:
                part = running.pop(future)
                texts += future.result()
                characters[part] = part.characters
                if not part.done:
                    running[pool.submit(part.advance)] = part
            before += len(texts)
            yield texts
    finally:  # also where nobody wants the rest
        pool.shutdown(cancel_futures=True)


def in_order(
    numbers: Iterable[int], ended: Iterator[Sequence[SampledText]]
) -> Iterator[SampledText]:
    """The texts of these numbers, each as soon as it and those before it have ended."""
    held: dict[int, SampledText] = {}
    for number in numbers:
        while number not in held:
            held |= {text.number: text for text in next(ended)}
        yield held.pop(number)


def select(
    sample: Callable[[range], Iterator[SampledText]],
    settings: SampleSettings,
    novelty: Novelty | None,
    emit: Emit,
) -> Iterator[SampledText]:
    """`count` texts, numbered anew, of those that `sample` gives for numbers from 0 on.

    None is equal to one before it if `unique` is set, or stands in the training text. Where too few
    are found, a notice says so; NothingFoundError if there is none.
    """
    seen, first, most = set[str](), 0, _CANDIDATES * settings.count
    accepted = 0
    while accepted < settings.count and first < most:
        size = min(max(16, settings.count - accepted), _TRIED, most - first)
        candidates = sample(range(first, first + size))
        first += size
        for text in candidates:
            whole = text.prompt + text.text
            repeated = settings.unique and whole in seen
            if repeated or (novelty and novelty.occurs(whole)):
                continue
            seen.add(whole)
            accepted += 1
            yield replace(text, number=accepted)
            if accepted == settings.count:
                return
    if not accepted:
        raise NothingFoundError(
            f"each of {first} samples is also in the training text",
            "Let it write less likely or longer texts: a higher --temp, a greater --length.",
        )
    if accepted < settings.count:
        emit(Noticed(f"Only {accepted} of {settings.count} texts were found in {first} samples."))


def seed_of(settings: SampleSettings) -> int:
    """The seed, or one drawn by chance."""
    return int(np.random.SeedSequence(settings.seed).entropy)  # type: ignore[arg-type]  # one int


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS or Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
