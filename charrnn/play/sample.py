"""Writing text with a player: which token comes next, and the stream of characters."""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice

import numpy as np

from charrnn.cells.base import Array, namespace
from charrnn.errors import DivergedError
from charrnn.events import Emit, Progress
from charrnn.play.player import Player, State
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Tokenizer, valid

_TINY = 1e-30  # a noise of -inf would make what is left out as likely as the rest
_TOGETHER = 64  # steps of many texts that are looked at together

Uniform = Callable[[tuple[int, ...]], Array]
"""Uniform numbers of a shape, at least 0 and below 1, from a library's own generator."""


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


def tokens(
    player: Player, logits: Array, state: State, settings: SampleSettings, uniform: Uniform
) -> Iterator[tuple[Array, Array]]:
    """Ids (...) without end: after logits (..., V) in that state, and after each other.

    The largest of scores + Gumbel noise is a draw by the scores' weights, and quickly found
    (Maddison et al. 2014, https://arxiv.org/abs/1411.0030). Beside the ids goes the largest logit
    (...): it is no finite number where the model gives none.
    """
    xp, shape = namespace(logits), tuple(logits.shape)
    ahead = max(1, 4096 // math.prod(shape))  # steps that noise is made for at once
    while True:
        with np.errstate(all="ignore"):  # log 0, and a model that has diverged: see the logits
            noise = xp.log(-xp.log(uniform((ahead, *shape)) + _TINY))
        for step in range(ahead):
            with np.errstate(all="ignore"):
                logits = xp.astype(logits, noise.dtype, copy=False)  # a crowd's have few digits
                top = xp.max(logits, axis=-1, keepdims=True)
                ids = xp.argmax(scores(logits - top, settings) - noise[step], axis=-1)
            yield ids, top[..., 0]
            with np.errstate(all="ignore"):
                logits, state = player.feed(ids, state)


class _Text:
    """The characters of one text as its tokens arrive: `length` of them, or up to `stop`."""

    def __init__(self, tokenizer: Tokenizer, settings: SampleSettings) -> None:
        self.decode = tokenizer.decoder()
        self.left = settings.length
        self.stop = settings.stop or ""
        self.held = ""
        self.stopped = False

    @property
    def done(self) -> bool:
        return self.stopped or self.left == 0

    def add(self, tokens: Iterable[int]) -> str:
        """What can be shown, now that these are known; what may begin a stop is held back."""
        piece = "".join(map(self.decode, tokens))[: self.left]
        self.left -= len(piece)
        if not self.stop:
            return piece
        self.held += piece
        if self.stop in self.held:
            self.stopped = True
            return self.held[: self.held.index(self.stop)]
        keep = max(n for n in range(len(self.stop)) if self.held.endswith(self.stop[:n]))
        cut = len(self.held) if self.left == 0 else len(self.held) - keep
        shown, self.held = self.held[:cut], self.held[cut:]
        return shown


def start_of(tokenizer: Tokenizer) -> str:
    """What an unprimed text goes on from: a line's end, where the vocabulary has one."""
    decode = tokenizer.decoder()
    known = {decode(token) for token in range(min(tokenizer.size, 128))}
    return "\n" if "\n" in known else decode(0)


def write(player: Player, tokenizer: Tokenizer, settings: SampleSettings) -> Iterator[str]:
    """A text in whole characters, as they are made: the prime, then `length` more.

    Ends early before `stop`. TextError if the prime has a character that the vocabulary lacks,
    DivergedError if the model gives no finite logits.
    """
    logits, state = _primed(player, tokenizer, settings)
    if settings.prime:
        yield settings.prime
    text = _Text(tokenizer, settings)
    rng = np.random.default_rng(settings.seed)
    drawn = tokens(player, logits, state, settings, rng.random)
    while not text.done:
        token, top = next(drawn)
        _check(math.isfinite(top))
        if piece := text.add((int(token),)):
            yield piece


@dataclass(frozen=True)
class Written:
    """One of several texts. `number` counts from 1, `stopped` says that it met `stop`."""

    number: int
    prime: str
    text: str
    stopped: bool

    def line(self, as_json: bool) -> str:
        """As JSON on a line of its own, or the text as it is, and an empty line."""
        if as_json:
            return valid(json.dumps(asdict(self), ensure_ascii=False)) + "\n"
        whole = self.prime + self.text
        return f"{whole}\n" if whole.endswith("\n") else f"{whole}\n\n"


def blocks(
    player: Player, tokenizer: Tokenizer, settings: SampleSettings, count: int, uniform: Uniform
) -> Iterator[Array]:
    """Ids (K, count) without end: the next K steps of so many texts. Errors as in `write`.

    One pass over the weights serves all texts, so together they come faster than one by one.
    """
    logits, state = _primed(player, tokenizer, settings)
    xp = namespace(logits)
    logits = xp.broadcast_to(logits, (count, *logits.shape))
    state = tuple(tuple(xp.broadcast_to(p, (count, *p.shape)) for p in layer) for layer in state)
    drawn = tokens(player, logits, state, settings, uniform)
    length = max(1, settings.length)
    together = math.ceil(length / math.ceil(length / _TOGETHER))
    while True:
        ids, tops = zip(*islice(drawn, together), strict=True)
        _check(bool(xp.all(xp.isfinite(xp.stack(tops)))))
        yield xp.stack(ids)


def write_many(
    tokenizer: Tokenizer,
    settings: SampleSettings,
    drawn: Iterator[Array],
    emit: Emit = lambda _: None,
) -> Iterator[Written]:
    """The texts that such blocks of ids spell, each as soon as it is whole."""
    texts = {number: _Text(tokenizer, settings) for number in range(settings.count)}
    written = dict.fromkeys(texts, "")
    task, total = f"writing {settings.count} texts", settings.count * settings.length
    while texts:
        columns = next(drawn).T.tolist()
        emit(Progress(task, sum(map(len, written.values())), total))
        for number, text in list(texts.items()):
            written[number] += text.add(columns[number])
            if text.done:
                del texts[number]
                yield Written(number + 1, settings.prime or "", written[number], text.stopped)


def _check(finite: bool) -> None:
    if not finite:
        raise DivergedError("the model has diverged: it gives no numbers", "Train another one.")


def _primed(player: Player, tokenizer: Tokenizer, settings: SampleSettings) -> tuple[Array, State]:
    """Logits (V,) of what comes first, and the state. TextError for what cannot be written."""
    tokenizer.encode(settings.stop or "")  # one that never comes would not be noticed
    state = player.zero_state()
    with np.errstate(all="ignore"):
        for token in tokenizer.encode(settings.prime or start_of(tokenizer)):
            logits, state = player.feed(int(token), state)
    return logits, state
