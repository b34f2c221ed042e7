"""Sampling: which token comes next, one text or many.

One seed, one text. Text 0 of a seed is drawn from NumPy's `default_rng(seed)`, text n from a
generator derived from (seed, n), with the same random numbers at each step however many are drawn
at once. And a text is computed by the same operations whether it is alone or one of many: a
product of one matrix with many texts' states would round differently, so each text has its own.
"""

import math
import os
from collections.abc import Callable, Iterator
from itertools import count, islice, pairwise
from typing import Any

import numpy as np

from charrnn.cells.base import Array, namespace
from charrnn.errors import DivergedError
from charrnn.events import Emit
from charrnn.inference.network import Network, State
from charrnn.inference.sampled_text import SampledText, TextBuilder, spell
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Tokenizer

_TINY = 1e-30  # log 0 would make noise of -inf, and what is left out as likely as the rest
_STEPS = 64  # of many texts between two checks, two reports of progress
_TEXTS = 256  # computed at once, which bounds the memory
_MIN_TEXTS = 4  # per thread: fewer are computed faster by one

Uniform = Callable[[tuple[int, ...]], Array]
"""Uniform random numbers of a shape (steps, ..., V), at least 0 and below 1."""


def scores(logits: Array, settings: SampleSettings) -> Array:
    """Logits (..., V), of at most 0 -> log-weights (..., V) to draw by, -inf for what is left out.

    Temperature first, then top-k, then top-p (Holtzman et al., arXiv 1904.09751), then min-p
    (Nguyen et al., arXiv 2407.01082). Temperature 0 leaves only the likeliest token.
    """
    xp, temp = namespace(logits), settings.temp
    top_k = settings.top_k if temp else 1
    if temp not in (0, 1):
        logits = (logits if temp > 1e-3 else xp.astype(logits, xp.float64)) / temp
    if top_k is settings.top_p is settings.min_p is None:
        return logits
    order = xp.argsort(-logits, axis=-1, stable=True)
    ranked = xp.take_along_axis(logits, order, axis=-1)
    if top_k is not None:
        ranked[..., top_k:] = -math.inf
    if settings.top_p is not None:
        weights = xp.exp(ranked)
        mass = xp.cumulative_sum(weights, axis=-1)  # the likeliest token always stays
        ranked[mass - weights >= settings.top_p * mass[..., -1:]] = -math.inf
    if settings.min_p:
        ranked[ranked < math.log(settings.min_p)] = -math.inf
    return xp.take_along_axis(ranked, xp.argsort(order, axis=-1), axis=-1)


def draw(
    network: Network, logits: Array, state: State, settings: SampleSettings, uniform: Uniform
) -> Iterator[tuple[Array, Array]]:
    """Ids (...) without end: the first by logits (..., V), each next one after those before it.

    The largest of scores + Gumbel noise is a draw by the scores' weights, and quickly found
    (Maddison et al. 2014, https://arxiv.org/abs/1411.0030). With the ids comes the largest logit
    (...), which is not finite where the model has diverged.
    """
    xp, shape = namespace(logits), tuple(logits.shape)
    ahead = max(1, min(4096 // shape[-1], 2**18 // math.prod(shape)))  # steps of noise at once
    while True:
        with np.errstate(all="ignore"):  # a model that has diverged shows in the logits
            noise = xp.log(-xp.log(uniform((ahead, *shape)) + _TINY))
        for step in range(ahead):
            with np.errstate(all="ignore"):
                logits = xp.astype(logits, noise.dtype, copy=False)  # from bfloat16, say
                top = xp.max(logits, axis=-1, keepdims=True)
                ids = xp.argmax(scores(logits - top, settings) - noise[step], axis=-1)
            yield ids, top[..., 0]
            with np.errstate(all="ignore"):
                logits, state = network.step(ids, state)


def start_of(tokenizer: Tokenizer) -> str:
    """What a text without a prompt continues: a newline, where the vocabulary has one."""
    decode = tokenizer.decoder()
    known = {decode(token) for token in range(min(tokenizer.size, 128))}
    return "\n" if "\n" in known else decode(0)


def read_prompt(
    network: Network, tokenizer: Tokenizer, settings: SampleSettings
) -> tuple[Array, State]:
    """Logits (V,) of the first token to draw, and the state.

    TextError if the prompt, or the text to stop at, has what the vocabulary lacks.
    """
    tokenizer.encode(settings.stop or "")  # a stop that cannot come would never be noticed
    state = network.zero_state()
    with np.errstate(all="ignore"):
        for token in tokenizer.encode(settings.prompt or start_of(tokenizer)):
            logits, state = network.step(int(token), state)
    return logits, state


def sample(network: Network, tokenizer: Tokenizer, settings: SampleSettings) -> Iterator[str]:
    """Text 0 of the seed in whole characters, as they are made: the prompt, then `length` more.

    Ends early before `stop`. TextError if the prompt has a character that the vocabulary lacks,
    DivergedError if the model gives no finite logits.
    """
    logits, state = read_prompt(network, tokenizer, settings)
    if settings.prompt:
        yield settings.prompt
    text = TextBuilder(tokenizer, settings)
    generator = np.random.default_rng(settings.seed)
    drawn = draw(network, logits, state, settings, generator.random)
    while not text.done:
        token, top = next(drawn)
        check_finite(math.isfinite(top))
        if piece := text.add((int(token),)):
            yield piece


def sample_many(
    network: Network,
    tokenizer: Tokenizer,
    settings: SampleSettings,
    emit: Emit = lambda _: None,
) -> Iterator[SampledText]:
    """`count` texts, each as soon as it is whole. Errors as in `sample`."""
    from concurrent.futures import ThreadPoolExecutor  # slow to import, for one text

    logits, state = read_prompt(network, tokenizer, settings)
    seed = np.random.SeedSequence(settings.seed).entropy

    def blocks(numbers: range) -> Iterator[Array]:
        generators = [generator_of(seed, number) for number in numbers]

        def uniform(shape: tuple[int, ...]) -> Array:
            steps, *_, vocabulary_size = shape
            found = [generator.random((steps, 1, vocabulary_size)) for generator in generators]
            return np.stack(found, axis=1)

        batch = (len(numbers), 1)  # states of (B, 1, H), whose products are B separate ones
        return draw_blocks(network, logits, state, batch, settings, uniform)

    threads = max(1, min(_cores(), settings.count // _MIN_TEXTS))
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, settings.count, _TEXTS):
            numbers = range(first, min(first + _TEXTS, settings.count))
            parts = [blocks(part) for part in split(numbers, threads)]
            joined = (np.concatenate(list(pool.map(next, parts)), axis=1) for _ in count())
            yield from spell(tokenizer, settings, numbers, joined, emit)


def generator_of(seed: Any, number: int) -> np.random.Generator:
    """The random numbers of text `number` (from 0) of a seed: text 0 has `default_rng(seed)`."""
    key = (number,) if number else ()
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def split(numbers: range, parts: int) -> list[range]:
    """The numbers in at most so many ranges of nearly equal lengths."""
    cuts = [len(numbers) * part // parts for part in range(parts + 1)]
    return [numbers[first:last] for first, last in pairwise(cuts) if first < last]


def draw_blocks(
    network: Network,
    logits: Array,
    state: State,
    batch: tuple[int, ...],
    settings: SampleSettings,
    uniform: Uniform,
) -> Iterator[Array]:
    """Ids (K, *batch) without end: the next K steps of a batch of texts that all begin as one.

    It begins with logits (V,), and a state of (H,). DivergedError if logits are not finite.
    """
    xp = namespace(logits)
    logits = xp.broadcast_to(logits, (*batch, *logits.shape))
    state = tuple(tuple(xp.broadcast_to(a, (*batch, *a.shape)) for a in layer) for layer in state)
    drawn = draw(network, logits, state, settings, uniform)
    length = max(1, settings.length)
    steps = math.ceil(length / math.ceil(length / _STEPS))
    while True:
        ids, tops = zip(*islice(drawn, steps), strict=True)
        check_finite(bool(xp.all(xp.isfinite(xp.stack(tops)))))
        yield xp.stack(ids)


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
