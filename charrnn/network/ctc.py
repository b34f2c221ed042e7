"""Connectionist temporal classification: each frame of a source is a symbol, or a blank.

A labelling is what is left of an alignment (T) once repeats are one and blanks are gone. Its
probability is the sum over all its alignments (Graves et al. 2006,
https://doi.org/10.1145/1143844.1143891).
"""

import math
from collections.abc import Callable

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
    alphas = forward(logs, symbols, xp.logaddexp)
    last = xp.take_along_axis(alphas, (frames - 1)[None, :, None], axis=0)[0]
    ends = xp.stack((2 * lengths - 1, 2 * lengths), axis=-1)
    chosen = xp.take_along_axis(last, ends, axis=1)
    return -xp.logaddexp(chosen[:, 0], chosen[:, 1])


def forward(logs: Array, symbols: Array, combine: Combine) -> Array:
    """Log-probabilities (T, B, K + 1), symbols (U, B) -> those of all ways to each state.

    The states (T, B, 2 U + 1) are blank, symbol, blank, ..., blank. `combine` joins two ways.
    """
    xp = namespace(logs)
    blank = xp.full((1, symbols.shape[1]), BLANK, dtype=symbols.dtype, device=device(symbols))
    pairs = xp.stack((symbols, xp.full_like(symbols, BLANK)), axis=1)
    states = xp.concat((blank, xp.reshape(pairs, (-1, symbols.shape[1]))), axis=0)
    states = xp.permute_dims(states, (1, 0))
    emitted = xp.take_along_axis(
        logs, xp.broadcast_to(states[None], (len(logs), *states.shape)), axis=2
    )
    skips = xp.full(states.shape, False, device=device(states))
    skips[:, 2:] = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    nothing = xp.full_like(emitted[0], -math.inf)
    ways = [xp.concat((emitted[0][:, :2], nothing[:, 2:]), axis=1)]
    for logs_of_states in emitted[1:]:
        before = ways[-1]
        by_one = xp.concat((nothing[:, :1], before[:, :-1]), axis=1)
        by_two = xp.concat((nothing[:, :2], before[:, :-2]), axis=1)
        total = combine(combine(before, by_one), xp.where(skips, by_two, -math.inf))
        ways.append(total + logs_of_states)
    return xp.stack(ways)


def log_probability(logs: Float64, symbols: NDArray[np.int64]) -> float:
    """That of a labelling (U,) of one source, whose frames have these log-probabilities (T, V)."""
    ways = forward(logs[:, None], symbols[:, None], np.logaddexp)
    return float(np.logaddexp.reduce(ways[-1, 0, -2:]))


def through_symbols(logs: Float64, symbols: NDArray[np.int64], combine: Combine) -> Float64:
    """Of one source and a labelling (U,): what all ways through each symbol's state have (T, U).

    `logs` (T, K + 1). With `np.logaddexp` the log-probability of all alignments that have the
    symbol there, with `np.maximum` that of the likeliest of them.
    """
    before = forward(logs[:, None], symbols[:, None], combine)[:, 0]
    after = forward(logs[::-1, None], symbols[::-1, None], combine)[::-1, 0, ::-1]
    return np.asarray((before + after)[:, 1::2] - logs[:, symbols])
