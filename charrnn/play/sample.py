"""Writing text with a player: which token comes next, and the stream of characters."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import DivergedError
from charrnn.play.player import Floats, Player
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import Tokenizer


def distribution(logits: Floats, settings: SampleSettings) -> NDArray[np.float64]:
    """Logits (V,) -> the probabilities (V,) to draw from.

    Temperature first, then top-k, then top-p (Holtzman et al., arXiv 1904.09751), then min-p
    (Nguyen et al., arXiv 2407.01082). Temperature 0 puts everything on the likeliest token.
    """
    scores = logits.astype(np.float64)
    if settings.temp == 0:
        chosen = np.zeros_like(scores)
        chosen[scores.argmax()] = 1.0
        return chosen
    with np.errstate(over="ignore"):  # a tiny temperature sends all but the likeliest to -inf
        weights: NDArray[np.float64] = np.exp((scores - scores.max()) / settings.temp)
    if settings.top_k is not None or settings.top_p is not None:
        order = np.argsort(-scores, kind="stable")  # weights may tie where scores do not
        if settings.top_k is not None:
            weights[order[settings.top_k :]] = 0.0
        if settings.top_p is not None:
            mass = np.cumsum(weights[order])
            before = mass - weights[order]  # the likeliest token always stays
            weights[order[before >= settings.top_p * mass[-1]]] = 0.0
    if settings.min_p is not None:
        weights[weights < settings.min_p * weights.max()] = 0.0
    weights /= weights.sum()
    return weights


def draw(probabilities: NDArray[np.float64], rng: np.random.Generator) -> int:
    """A token id, each as often as its probability says."""
    heap = probabilities.cumsum()
    token = int(heap.searchsorted(rng.random() * heap[-1], side="right"))
    return min(token, int(probabilities.nonzero()[0][-1]))  # rounding may reach the very end


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
    prime = settings.prime or ""
    state = player.zero_state()
    for token in tokenizer.encode(prime or start_of(tokenizer)):
        logits, state = player.feed(token, state)
    if prime:
        yield prime
    decode = tokenizer.decoder()
    rng = np.random.default_rng(settings.seed)
    left, held, stop = settings.length, "", settings.stop or ""
    while left > 0:
        if not np.isfinite(logits).all():
            raise DivergedError("the model has diverged: it gives no numbers", "Train another one.")
        token = draw(distribution(logits, settings), rng)
        logits, state = player.feed(token, state)
        piece = decode(token)[:left]
        left -= len(piece)
        held += piece
        if stop and stop in held:
            yield held[: held.index(stop)]
            return
        keep = max(n for n in range(len(stop) or 1) if held.endswith(stop[:n]))
        if len(held) > keep:
            yield held[: len(held) - keep]
            held = held[len(held) - keep :]
    if held:
        yield held
