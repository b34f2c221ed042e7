"""Many texts at once, in whole characters, of a length, up to a stop.

Each text has the same random numbers at each step however many are drawn at once. And its numbers
round alike: text 0 is computed alone, as `sampling.sample` does, and others are rows of a product
whose size depends on the text's number alone. In products of one size the bits of a row depend
neither on the other rows nor on its place, so other rows may be other texts, or none.
"""

import json
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import count, zip_longest
from typing import NamedTuple

import numpy as np

from charrnn.cells.arrays import Array
from charrnn.errors import NothingFoundError
from charrnn.events import Emit, Noticed, Progress
from charrnn.inference.drawing import Drawing, Prompt, TokenTables, mapped, negative_gumbel
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

ROWS = {0: 1, 1: 16, 64: 64}
"""Texts of one product, for those of these numbers and above: it takes as long for fewer."""
_ALONE = {0: 1}
_TEXTS = 128  # of a thread: further products share its operations in Python
_MIN_TEXTS = 4  # of a thread: fewer are computed faster by one
_STEPS = 64  # of many texts between two reports of progress
_NUMBERS = 2048  # that a text draws at once, at least for a step
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


class Writing:
    """One of many texts, as its tokens arrive. Its `number` is from 0."""

    def __init__(
        self, tokenizer: Tokenizer, settings: SampleSettings, number: int, prompt: str
    ) -> None:
        self.number, self.prompt = number, prompt
        self.builder = TextBuilder(tokenizer, settings, prompt)
        self._pieces: list[str] = []

    def add(self, token: int, bits: float) -> bool:
        """Whether the text has ended, with this token at the latest."""
        if not self.builder.ended:
            self._pieces.append(self.builder.add(token, bits))
        return self.builder.ended is not None

    def whole(self, *, bits: bool) -> SampledText:
        """The text, which has ended."""
        built, text = self.builder, "".join(self._pieces)
        cost = round(built.bits, 4) if bits else None
        assert built.ended
        return SampledText(self.number + 1, self.prompt, text, built.tokens, cost, built.ended)


class Source(NamedTuple):
    """What texts are sampled from, and those that wait for a row: numbers (from 0) and prompts."""

    network: LanguageModel
    tokenizer: Tokenizer
    settings: SampleSettings
    tables: TokenTables
    read: Callable[[str], Prompt]
    waiting: deque[tuple[int, str]]
    bits: bool


class Blocks:
    """Texts that are computed together: `shape` has the number of blocks, and the rows of each.

    In a row whose text has ended the next one begins.
    """

    def __init__(self, source: Source, shape: tuple[int, int]) -> None:
        self.source, self._rows = source, shape[1]
        prompt = mapped(
            lambda array: np.broadcast_to(array, (*shape, *array.shape)).copy(),
            source.read(source.waiting[0][1]),
        )
        self._drawing = Drawing(source.network, prompt, source.settings, source.tables)
        vocabulary_size = prompt.logits.shape[-1]
        steps = max(1, _NUMBERS // vocabulary_size)
        self._noise, self._step = np.zeros((steps, *shape, vocabulary_size)), 0
        self._texts: dict[int, tuple[Writing, np.random.Generator]] = {}  # by row
        self._idle = [*range(math.prod(shape))][::-1]
        self.characters = 0
        """Those of the texts that have not ended, after the last `advance`."""

    @property
    def done(self) -> bool:
        """Whether no text is left."""
        return not (self._texts or self.source.waiting)

    def advance(self) -> list[SampledText]:
        """Compute `_STEPS` steps, or as many as there are: the texts that end."""
        ended, bits = list[SampledText](), self.source.bits
        for _ in range(_STEPS):
            self._begin()
            if not self._texts:
                break
            drawn = self._drawing.draw(self._noise[self._step], bits=bits)
            check_finite(bool(np.isfinite(drawn.top).all()))
            ids = drawn.ids.ravel().tolist()
            costs = [0.0] * len(ids) if drawn.bits is None else drawn.bits.ravel().tolist()
            for row, (text, _) in [*self._texts.items()]:
                if text.add(ids[row], costs[row]):
                    ended.append(text.whole(bits=bits))
                    self._idle.append(row)
                    del self._texts[row]
            self._drawing.read(drawn.ids)
            self._step += 1
        length = self.source.settings.length
        self.characters = sum(length - text.builder.left for text, _ in self._texts.values())
        return ended

    def _begin(self) -> None:
        """Idle rows take texts that wait, as long as there are some; then full blocks remain."""
        _, tokenizer, settings, _, read, waiting, _ = self.source
        if self._step == len(self._noise):
            self._step = 0
            for row in self._texts:
                self._draw_noise(row)
        with suppress(IndexError):  # another thread may have taken the last one
            while self._idle and waiting:
                number, prompt = waiting.popleft()
                row, text = self._idle.pop(), Writing(tokenizer, settings, number, prompt)
                place = divmod(row, self._rows)
                self._texts[row] = text, generator_of(settings.seed, number)

                def put(rows: Array, array: Array, place: tuple[int, int] = place) -> Array:
                    rows[place] = array
                    return rows

                mapped(put, self._drawing.prompt, read(prompt))
                self._draw_noise(row)
        if len(self._idle) >= self._rows and self._texts:
            self._pack()

    def _draw_noise(self, row: int) -> None:
        """The noise of a text, from this step to the last one that there is room for."""
        noise = self._noise[(slice(self._step, None), *divmod(row, self._rows))]
        noise[:] = negative_gumbel(self._texts[row][1].random(noise.shape))

    def _pack(self) -> None:
        """As few blocks as the texts need."""
        size = self._rows
        kept = [*self._texts, *self._idle[: -len(self._texts) % size]]

        def packed(array: Array) -> Array:
            rows = array.reshape(-1, *array.shape[2:])[kept]
            return rows.reshape(-1, size, *array.shape[2:])

        self._drawing.prompt = mapped(packed, self._drawing.prompt)
        self._noise = np.stack([packed(noise) for noise in self._noise])
        self._texts = dict(enumerate(self._texts.values()))
        self._idle = [*range(len(self._texts), len(kept))]


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
        threads = min(_cores(), math.ceil(len(waiting) / max(rows, _MIN_TEXTS)))
        if threads:
            blocks = math.ceil(min(len(waiting) / threads, _TEXTS) / rows)
            of_waiting = source._replace(waiting=waiting)
            parts += [Blocks(of_waiting, (blocks, rows)) for _ in range(threads)]
    before = texts[0][0] if texts else 0
    ended = _ended(parts, settings, before, emit)
    return in_order([number + 1 for number, _ in texts], ended)


def _ended(
    parts: Sequence[Blocks], settings: SampleSettings, before: int, emit: Emit
) -> Iterator[list[SampledText]]:
    """Texts as they end in blocks that advance by themselves; `before` were sampled earlier."""
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait  # slow to import

    task, total = f"sampling {settings.count} texts", settings.count * settings.length
    with ThreadPoolExecutor(max(1, min(_cores(), len(parts)))) as pool:
        running = {pool.submit(part.advance): part for part in parts}
        while running:
            done = before * settings.length + sum(part.characters for part in parts)
            emit(Progress(task, min(done, total), total))
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            texts = list[SampledText]()
            for future in finished:
                part = running.pop(future)
                texts += future.result()
                if not part.done:
                    running[pool.submit(part.advance)] = part
            before += len(texts)
            yield texts


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


def seed_of(settings: SampleSettings) -> int:
    """The seed, or one drawn by chance."""
    return int(np.random.SeedSequence(settings.seed).entropy)  # type: ignore[arg-type]  # one int


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS or Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
