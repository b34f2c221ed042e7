"""Many texts at once, in whole characters, of a length, up to a stop.

Each text has the same random numbers at each step however many are drawn at once. And a text is
computed by the same operations whether it is alone or one of many: a product of one matrix with
many texts' states would round differently, so each text has its own.
"""

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count, islice
from typing import Any, NamedTuple

import numpy as np

from charrnn.cells.arrays import Array, namespace
from charrnn.errors import NothingFoundError
from charrnn.events import Emit, Noticed, Progress
from charrnn.inference.drawing import Prompt, draw
from charrnn.inference.sampling import (
    Ended,
    TextBuilder,
    check_finite,
    check_stops,
    generator_of,
    read_prompt,
    token_tables,
)
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings
from charrnn.text.novelty import Novelty
from charrnn.text.tokenizers import Tokenizer, valid_unicode

_STEPS = 64  # of many texts between two checks, two reports of progress
_TEXTS = 256  # computed at once, which bounds the memory
_MIN_TEXTS = 4  # per thread: fewer are computed faster by one
_CANDIDATES = 20  # for each text asked for, at most
_TRIED = 256  # candidates sampled at once, at most


@dataclass(frozen=True)
class SampledText:
    """One of several texts: what the model wrote after the prompt, and what ended it.

    `number` counts from 1; `bits` are the model's for `tokens`, None if they were not asked for.
    """

    number: int
    prompt: str
    text: str
    tokens: int
    bits: float | None
    ended: Ended

    def as_json(self) -> str:
        """As JSON on a line of its own."""
        return valid_unicode(json.dumps(asdict(self), ensure_ascii=False)) + "\n"


class Block(NamedTuple):
    """The next K tokens of a batch of texts: ids and, if asked for, bits, (K, B) or (K, B, 1)."""

    ids: Array
    bits: Array | None


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
    while batch := list(islice(texts, _TEXTS)):
        yield from sample_batch(network, tokenizer, settings, batch, emit, bits=bits)


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
    for group in prompts:
        texts = [(next(number), prompt) for prompt in group for _ in range(settings.count)]
        for first in range(0, len(texts), _TEXTS):
            batch = texts[first : first + _TEXTS]
            sampled = sample_batch(network, tokenizer, settings, batch, bits=bits)
            yield from sorted(sampled, key=lambda text: text.number)


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
    read = {text: read_prompt(network, tokenizer, text) for text in {text for _, text in texts}}
    seed, tables = seed_of(settings), token_tables(tokenizer, settings)

    def blocks(part: Sequence[int]) -> Iterator[Block]:
        generators = [generator_of(seed, texts[column][0]) for column in part]
        prompts = [read[texts[column][1]] for column in part]

        def uniform(shape: tuple[int, ...]) -> Array:
            steps, *_, vocabulary_size = shape
            numbers = [generator.random((steps, 1, vocabulary_size)) for generator in generators]
            return np.stack(numbers, axis=1)

        drawn = draw(network, stacked(prompts), settings, uniform, tables, bits=bits)
        return in_blocks(drawn, settings)

    threads = max(1, min(_cores(), len(texts) // _MIN_TEXTS))
    with ThreadPoolExecutor(threads) as pool:
        parts = [blocks(part.tolist()) for part in np.array_split(np.arange(len(texts)), threads)]
        blocks_of_all = (joined(list(pool.map(next, parts))) for _ in count())
        yield from detokenize(tokenizer, settings, texts, blocks_of_all, emit)


def detokenize(
    tokenizer: Tokenizer,
    settings: SampleSettings,
    texts: Sequence[tuple[int, str]],
    blocks: Iterator[Block],
    emit: Emit,
) -> Iterator[SampledText]:
    """The texts of these numbers (from 0) and prompts, from blocks of tokens, as they end."""
    builders = {
        column: TextBuilder(tokenizer, settings, prompt) for column, (_, prompt) in enumerate(texts)
    }
    written = dict.fromkeys(builders, "")
    task, total = f"sampling {settings.count} texts", settings.count * settings.length
    while builders:
        block = next(blocks)
        columns = block.ids.reshape(len(block.ids), -1).T.tolist()
        bits = [] if block.bits is None else block.bits.reshape(len(block.ids), -1).T.tolist()
        done = texts[0][0] * settings.length + sum(map(len, written.values()))
        emit(Progress(task, min(done, total), total))
        for column, text in list(builders.items()):
            nats = bits[column] if bits else [0.0] * len(columns[column])
            for token, cost in zip(columns[column], nats, strict=True):
                if not text.ended:
                    written[column] += text.add(token, cost)
            if text.ended:
                del builders[column]
                number, prompt = texts[column]
                cost = round(text.bits, 4) if bits else None
                yield SampledText(
                    number + 1, prompt, written[column], text.tokens, cost, text.ended
                )


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
        candidates = sorted(sample(range(first, first + size)), key=lambda text: text.number)
        first += size
        for text in candidates:
            whole = text.prompt + text.text
            repeated = settings.unique and whole in seen
            if accepted == settings.count or repeated or (novelty and novelty.occurs(whole)):
                continue
            seen.add(whole)
            accepted += 1
            yield replace(text, number=accepted)
    if not accepted:
        raise NothingFoundError(
            f"each of {first} samples is also in the training text",
            "Let it write less likely or longer texts: a higher --temp, a greater --length.",
        )
    if accepted < settings.count:
        emit(Noticed(f"Only {accepted} of {settings.count} texts were found in {first} samples."))


def stacked(prompts: Sequence[Prompt]) -> Prompt:
    """Prompts as one: logits (B, 1, V), states (B, 1, H), so that their products are B apart."""
    logits = np.stack([prompt.logits for prompt in prompts])[:, None]
    layers = zip(*(prompt.state for prompt in prompts), strict=True)
    state = tuple(
        tuple(np.stack(arrays)[:, None] for arrays in zip(*layer, strict=True)) for layer in layers
    )
    return Prompt(logits, state, np.stack([prompt.recent for prompt in prompts])[:, None])


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


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS or Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
