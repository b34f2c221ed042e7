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

    `recent` (..., 64): -1 where there is none. Of a text that follows it, `written` (...) is the
    share of its length, and `unfinished` (...) the state of UTF-8: where a character stands.
    """

    logits: Array
    state: State
    recent: Array
    written: Array = np.zeros((), np.float32)
    unfinished: Array = np.zeros((), np.int64)


def mapped(function: Callable[..., Array], *prompts: Prompt) -> Prompt:
    """A function of each array, or of those that stand at the same place in several prompts."""
    logits, states, *others = zip(*prompts, strict=True)
    state = tuple(
        tuple(function(*arrays) for arrays in zip(*layers, strict=True))
        for layers in zip(*states, strict=True)
    )
    return Prompt(function(*logits), state, *(function(*arrays) for arrays in others))


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


class Drawing:
    """Texts (...) that are drawn token by token. `prompt` has where each of them is."""

    def __init__(
        self, network: LanguageModel, prompt: Prompt, settings: SampleSettings, tables: TokenTables
    ) -> None:
        self.network, self.prompt, self.settings, self.tables = network, prompt, settings, tables
        self._changing = settings.temperatures[0] != settings.temperatures[1]
        self._per_token = tables.lengths / max(1, settings.length)

    def draw(self, noise: Array, *, bits: bool = False) -> Drawn:
        """The next token of each, by noise (..., V) as `negative_gumbel` gives it.

        The largest of logits + Gumbel noise is a draw by their weights (Maddison et al. 2014,
        https://arxiv.org/abs/1411.0030), which takes little time.
        """
        settings, prompt, xp = self.settings, self.prompt, namespace(self.prompt.logits)
        temp: Any = settings.temperatures[0]
        if self._changing:
            done = xp.clip(prompt.written, 0, 1)[..., None]
            temp = temp + (settings.temperatures[1] - temp) * done
        with np.errstate(all="ignore"):  # a model that has diverged shows in the logits
            logits = xp.astype(prompt.logits, noise.dtype, copy=False)  # from bfloat16, say
            weighed, penalty = logits, settings.repetition_penalty
            if penalty != 1:
                weighed = penalized(logits, prompt.recent, penalty)
            if len(self.tables.allowed):  # -inf for tokens that would break a character
                weighed = weighed + self.tables.allowed[prompt.unfinished]
            top = xp.max(weighed, axis=-1, keepdims=True)
            ids = xp.argmax(warped(weighed - top, settings, temp) - noise, axis=-1)
            return Drawn(ids, top[..., 0], _bits(logits, ids) if bits else None)

    def read(self, ids: Array) -> None:
        """Read the tokens (...) that come next."""
        _, state, recent, written, unfinished = self.prompt
        xp = namespace(recent)
        if self._changing:
            written = written + self._per_token[ids]
        if len(self.tables.allowed):
            unfinished = self.tables.state_after[unfinished, ids]
        if self.settings.repetition_penalty != 1:
            recent = xp.concat([recent[..., 1:], ids[..., None]], axis=-1)
        with np.errstate(all="ignore"):
            self.prompt = Prompt(*self.network.step(ids, state), recent, written, unfinished)


def draw(
    network: LanguageModel,
    prompt: Prompt,
    settings: SampleSettings,
    uniform: Uniform,
    tables: TokenTables,
    *,
    bits: bool = False,
) -> Iterator[Drawn]:
    """Tokens (...) without end, each after the prompt and those before it. `bits`: with theirs."""
    drawing, shape = Drawing(network, prompt, settings, tables), tuple(prompt.logits.shape)
    steps = max(1, min(4096 // shape[-1], 2**18 // math.prod(shape)))
    while True:
        for noise in negative_gumbel(uniform((steps, *shape))):
            drawn = drawing.draw(noise, bits=bits)
            yield drawn
            drawing.read(drawn.ids)


def negative_gumbel(numbers: Array) -> Array:
    """Uniform numbers (...) -> Gumbel noise (...), its sign changed."""
    log = namespace(numbers).log
    with np.errstate(all="ignore"):
        return log(-log(numbers + _TINY))


def _bits(logits: Array, ids: Array) -> Array:
    """Logits (..., V) and the ids drawn (...) -> their bits (...), unwarped."""
    xp = namespace(logits)
    logits = logits - xp.max(logits, axis=-1, keepdims=True)
    chosen = xp.take_along_axis(logits, ids[..., None], axis=-1)[..., 0]
    return (xp.log(xp.sum(xp.exp(logits), axis=-1)) - chosen) / math.log(2)
