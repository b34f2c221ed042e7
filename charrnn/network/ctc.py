"""Connectionist temporal classification: each frame of a source is a symbol, or a blank.

A labelling is what is left of an alignment (T) once repeats are one and blanks are gone. Its
probability is the sum over all its alignments (Graves et al. 2006,
https://doi.org/10.1145/1143844.1143891).
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from array_api_compat import device
from numpy.typing import NDArray

from charrnn.cells.arrays import Array, library, namespace
from charrnn.cells.parameters import Parameters
from charrnn.network.heads import Head
from charrnn.network.language_model import head_parameters
from charrnn.network.recurrent_encoder import within
from charrnn.settings import ModelSettings

BLANK = 0

Float64 = NDArray[np.float64]
Indices = NDArray[np.int64]
Combine = Callable[[Float64, Float64], Float64]


class CTCHead(Head):
    """Outputs of an encoder in, logits of K symbols and BLANK out, for `ctc_frames` a position."""

    @staticmethod
    def parameters(settings: ModelSettings, symbols: int) -> Parameters:
        """Every parameter by its name in a checkpoint. `symbols`: without BLANK."""
        return head_parameters(settings.ctc_frames * (symbols + 1), settings.outputs)

    def logits(self, outputs: Array, mask: Array) -> tuple[Array, Array]:
        """outputs (S, B, F), mask (S, B) -> logits (T, B, K + 1), the frames (B,) of each source.

        T counts `ctc_frames` frames for each position.
        """
        frames, (steps, batch) = self.settings.ctc_frames, mask.shape
        logits, xp = self.predict(outputs), namespace(outputs)
        logits = xp.permute_dims(xp.reshape(logits, (steps, batch, frames, -1)), (0, 2, 1, 3))
        return xp.reshape(logits, (steps * frames, batch, -1)), mask.sum(0) * frames

    def losses(self, logits: Array, frames: Array, symbols: Array, lengths: Array) -> Array:
        """The loss (B,) in nats of symbols (U, B) of which b has the first lengths[b].

        Infinite where they have no alignment: see `frames_needed`.
        """
        loss = library(logits).ctc_loss or ctc_loss
        possible = frames >= frames_needed(symbols, lengths)
        return namespace(logits).where(possible, loss(logits, frames, symbols, lengths), math.inf)


def frames_needed(symbols: Array, lengths: Array) -> Array:
    """The frames (B,) of the shortest alignment of symbols (U, B): a blank parts those repeated."""
    repeats = (symbols[1:] == symbols[:-1]) & within(lengths - 1, len(symbols) - 1)
    return lengths + repeats.sum(0)


def ctc_loss(logits: Array, frames: Array, symbols: Array, lengths: Array) -> Array:
    """As `CTCHead.losses`, by the forward algorithm, of arrays without a function for it."""
    xp = namespace(logits)
    exact = xp.astype(logits, xp.float64)
    exact = exact - xp.max(exact, axis=-1, keepdims=True)
    logs = exact - xp.log(xp.sum(xp.exp(exact), axis=-1, keepdims=True))
    return -log_probability(logs, frames, symbols, lengths)


def forward(logs: Array, symbols: Array, combine: Combine) -> Iterator[Array]:
    """Log-probabilities (T, B, K + 1), symbols (U, B) -> of each frame those of ways to each state.

    The states (B, 2 U + 1) are blank, symbol, blank, ..., blank. `combine` joins two ways.
    """
    xp = namespace(logs)
    blank = xp.full((1, symbols.shape[1]), BLANK, dtype=symbols.dtype, device=device(symbols))
    pairs = xp.stack((symbols, xp.full_like(symbols, BLANK)), axis=1)
    states = xp.concat((blank, xp.reshape(pairs, (-1, symbols.shape[1]))), axis=0)
    states = xp.permute_dims(states, (1, 0))
    skips = xp.full(states.shape, False, device=device(states))
    skips[:, 2:] = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    emitted = xp.take_along_axis(logs[0], states, axis=1)
    nothing = xp.full_like(emitted, -math.inf)
    ways = xp.concat((emitted[:, :2], nothing[:, 2:]), axis=1)
    yield ways
    for logs_of_frame in logs[1:]:
        by_one = xp.concat((nothing[:, :1], ways[:, :-1]), axis=1)
        by_two = xp.concat((nothing[:, :2], ways[:, :-2]), axis=1)
        total = combine(combine(ways, by_one), xp.where(skips, by_two, -math.inf))
        ways = total + xp.take_along_axis(logs_of_frame, states, axis=1)
        yield ways


def log_probability(logs: Array, frames: Array, symbols: Array, lengths: Array) -> Array:
    """That (B,) of symbols (U, B), of which b has lengths[b], in log-probabilities (T, B, K + 1).

    All alignments of the first frames[b] are added up.
    """
    xp = namespace(logs)
    last: Array = -math.inf
    for frame, ways in enumerate(forward(logs, symbols, xp.logaddexp)):
        last = xp.where((frames == frame + 1)[:, None], ways, last)
    blank = xp.take_along_axis(last, 2 * lengths[:, None], axis=1)[:, 0]
    before = xp.concat((xp.full_like(last[:, :1], -math.inf), last), axis=1)
    return xp.logaddexp(xp.take_along_axis(before, 2 * lengths[:, None], axis=1)[:, 0], blank)


def through_symbols(
    logs: Float64, frames: Indices, symbols: Indices, lengths: Indices, combine: Combine
) -> Float64:
    """What all ways through the state of each symbol have (T, B, U). As `log_probability` takes.

    With `np.logaddexp` the log-probability of all alignments that have the symbol there, with
    `np.maximum` that of the likeliest of them; nothing, -inf, outside a source and its symbols.
    """
    before = np.stack([*forward(logs, symbols, combine)])
    backwards = forward(_reversed(logs, frames), _reversed(symbols, lengths), combine)
    after = np.stack([*backwards])
    after = _reversed(after, frames).transpose(2, 1, 0)  # states, sources, frames
    after = _reversed(after, 2 * lengths + 1).transpose(2, 1, 0)
    emitted = np.take_along_axis(logs, np.broadcast_to(symbols.T, (len(logs), *symbols.T.shape)), 2)
    steps, places = within(frames, len(logs)), within(lengths, len(symbols))
    ways = (before + after)[:, :, 1::2] - emitted
    return np.where(steps[:, :, None] & places.T, ways, -np.inf)


def _reversed(array: NDArray[Any], counts: Indices) -> NDArray[Any]:
    """array (N, B, ...), of which b has the first counts[b], in reverse; the rest as it is."""
    index = np.arange(len(array))[:, None]
    index = np.where(index < counts, counts - 1 - index, index)
    return np.take_along_axis(array, index.reshape(*index.shape, *[1] * (array.ndim - 2)), 0)
