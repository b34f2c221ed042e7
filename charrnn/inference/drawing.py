"""Drawing tokens: from logits to warped logits to ids, for one text or many."""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import device

from charrnn.cells.arrays import Array, namespace
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State
from charrnn.settings import SampleSettings

_TINY = 1e-30  # added to u: log 0 would be noise of -inf, and a token left out could win
RECENT = 64
"""Tokens that a repetition penalty is for."""

Uniform = Callable[[tuple[int, ...]], Array]
"""Uniform random numbers of a shape (steps, ..., V), at least 0 and below 1."""


class TokenTables(NamedTuple):
    """What drawing must know of the tokens; arrays of no elements where it need not."""

    lengths: Array
    """Characters (V,) of each token, for a temperature that changes."""
    allowed: Array
    """By state of UTF-8 (8, V): 0 for a token that may come, -inf for others."""
    state_after: Array
    """The state (8, V) of UTF-8 after each token."""


class Prompt(NamedTuple):
    """What a network has read: logits (..., V) of the token to draw, the state, the last tokens.

    `recent` (..., 64): -1 where there is none.
    """

    logits: Array
    state: State
    recent: Array


class Drawn(NamedTuple):
    """A step: ids (...), the largest logit (...) and, if asked for, the bits (...) of the ids.

    The largest logit is not finite where the model has diverged.
    """

    ids: Array
    top: Array
    bits: Array | None


def warped(logits: Array, settings: SampleSettings, temp: Any = None) -> Array:
    """Logits (..., V), of at most 0 -> those (..., V) to draw by, -inf for what is left out.

    Temperature first, then top-k, then top-p (Holtzman et al., arXiv 1904.09751), then min-p
    (Nguyen et al., arXiv 2407.01082). Temperature 0 leaves only the likeliest token. `temp`, a
    number or (..., 1), takes the place of the settings' first temperature.
    """
    xp = namespace(logits)
    temp = settings.temperatures[0] if temp is None else temp
    top_k = settings.top_k
    if not isinstance(temp, float):  # one for each text
        logits = logits / temp
    elif temp == 0:
        top_k = 1
    elif temp != 1:
        logits = (logits if temp > 1e-3 else xp.astype(logits, xp.float64)) / temp
    if top_k is None and settings.top_p is None and settings.min_p is None:
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


def penalized(logits: Array, recent: Array, penalty: float) -> Array:
    """Logits (..., V) with those of recent tokens (..., N) made smaller; -1 is none.

    Keskar et al., arXiv 1909.05858: positive ones are divided by the penalty, others multiplied.
    """
    xp = namespace(logits)
    vocabulary = xp.arange(logits.shape[-1], device=device(logits))
    occurred = xp.any(recent[..., None] == vocabulary, axis=-2)
    return xp.where(occurred, xp.where(logits > 0, logits / penalty, logits * penalty), logits)


class _Temperature:
    """The temperature of each text (..., 1), by the characters that it has."""

    def __init__(self, settings: SampleSettings, lengths: Array, batch: tuple[int, ...]) -> None:
        xp = namespace(lengths)
        self._first, self._last = settings.temperatures
        self._per_token = lengths / max(1, settings.length)
        self._done = xp.zeros(batch, dtype=lengths.dtype, device=device(lengths))

    @property
    def now(self) -> Array:
        done = namespace(self._done).clip(self._done, 0, 1)[..., None]
        return self._first + (self._last - self._first) * done

    def advance(self, ids: Array) -> None:
        self._done = self._done + self._per_token[ids]


class _UTF8:
    """Where each text (...) stands within a character, and which tokens may come next."""

    def __init__(self, tables: TokenTables, batch: tuple[int, ...]) -> None:
        self._tables = tables
        zero = tables.state_after[0, 0]
        self._state = namespace(zero).broadcast_to(zero * 0, batch)

    def unbroken(self, logits: Array) -> Array:
        """The logits (..., V), -inf for tokens that would break a character."""
        return logits + self._tables.allowed[self._state]

    def advance(self, ids: Array) -> None:
        self._state = self._tables.state_after[self._state, ids]


def draw(
    network: LanguageModel,
    prompt: Prompt,
    settings: SampleSettings,
    uniform: Uniform,
    tables: TokenTables,
    *,
    bits: bool = False,
) -> Iterator[Drawn]:
    """Tokens (...) without end, each after the prompt and those before it. `bits`: with theirs.

    The largest of logits + Gumbel noise is a draw by their weights (Maddison et al. 2014,
    https://arxiv.org/abs/1411.0030), which takes little time.
    """
    logits, state, recent = prompt
    xp, shape = namespace(logits), tuple(logits.shape)
    first, last = settings.temperatures
    changing = None if first == last else _Temperature(settings, tables.lengths, shape[:-1])
    characters = _UTF8(tables, shape[:-1]) if len(tables.allowed) else None
    penalty = settings.repetition_penalty
    for noise in _negative_gumbel(uniform, shape):
        with np.errstate(all="ignore"):  # a model that has diverged shows in the logits
            logits = xp.astype(logits, noise.dtype, copy=False)  # from bfloat16, say
            weighed = logits if penalty == 1 else penalized(logits, recent, penalty)
            weighed = characters.unbroken(weighed) if characters else weighed
            top = xp.max(weighed, axis=-1, keepdims=True)
            temp = changing.now if changing else first
            ids = xp.argmax(warped(weighed - top, settings, temp) - noise, axis=-1)
            cost = _bits(logits, ids) if bits else None
        yield Drawn(ids, top[..., 0], cost)
        if changing:
            changing.advance(ids)
        if characters:
            characters.advance(ids)
        if penalty != 1:
            recent = xp.concat([recent[..., 1:], ids[..., None]], axis=-1)
        with np.errstate(all="ignore"):
            logits, state = network.step(ids, state)


def _negative_gumbel(uniform: Uniform, shape: tuple[int, ...]) -> Iterator[Array]:
    """Gumbel noise (..., V) for each step, its sign changed; computed for many steps at once."""
    steps = max(1, min(4096 // shape[-1], 2**18 // math.prod(shape)))
    while True:
        numbers = uniform((steps, *shape)) + _TINY
        log = namespace(numbers).log
        with np.errstate(all="ignore"):
            noise = log(-log(numbers))
        yield from noise


def _bits(logits: Array, ids: Array) -> Array:
    """Logits (..., V) and the ids drawn (...) -> their bits (...), unwarped."""
    xp = namespace(logits)
    logits = logits - xp.max(logits, axis=-1, keepdims=True)
    chosen = xp.take_along_axis(logits, ids[..., None], axis=-1)[..., 0]
    return (xp.log(xp.sum(xp.exp(logits), axis=-1)) - chosen) / math.log(2)
