"""A network seen from inside while it reads a text: its surprise, its units, its gates."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.base import Array, recorded_sigmoids
from charrnn.errors import DivergedError
from charrnn.play.player import Player, State
from charrnn.play.sample import start_of
from charrnn.text.tokenizers import Ids, Tokenizer, valid

_TOGETHER = 512  # tokens that are looked at together

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Read:
    """Some tokens that were read, N of them.

    `ids` (N,) are the tokens; `text` has the characters that each completes, perhaps none; `bits`
    (N,) how surprising each was after all before it. `units` and `gates` have what they made of it,
    by their names: "1.c" is the state c of the first layer, "2.forget" the second's forget gate,
    each (N, H).
    """

    ids: Ids
    text: list[str]
    bits: Values
    units: dict[str, Values]
    gates: dict[str, Values]


def reading(player: Player, tokenizer: Tokenizer, ids: Ids) -> Iterator[Read]:
    """Read ids (N,) from the beginning of a text on; all that is seen on the way, in pieces.

    DivergedError if the model gives no finite numbers.
    """
    state, decode = player.zero_state(), tokenizer.decoder()
    with np.errstate(all="ignore"):
        for token in tokenizer.encode(start_of(tokenizer)):
            logits, state = player.feed(int(token), state)
    for first in range(0, len(ids), _TOGETHER):
        piece = ids[first : first + _TOGETHER]
        before, states, sigmoids = [], [], []
        for token in piece:
            before.append(logits)
            with recorded_sigmoids() as gates, np.errstate(all="ignore"):
                logits, state = player.feed(int(token), state)
            states.append(state)
            sigmoids.append(gates)
        yield Read(
            piece,
            [valid(decode(int(token))) for token in piece],
            _surprise(np.stack(before), piece),
            _units(player, states),
            _gates(player, sigmoids),
        )


def _surprise(logits: Values, ids: Ids) -> Values:
    """Logits (N, V) and what came (N,) -> bits (N,)."""
    if not np.isfinite(logits).all():
        raise DivergedError("the model has diverged: it gives no numbers", "Train another one.")
    logits = logits - logits.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(logits, ids[:, None].astype(np.int64), axis=-1)[:, 0]
    found: Values = (np.log(np.exp(logits).sum(axis=-1)) - chosen) / math.log(2)
    return found


def _units(player: Player, states: list[State]) -> dict[str, Values]:
    found = {}
    for layer in range(len(player.layers)):
        for index, part in enumerate(player.cell.states):
            if part != "time":  # a clock's state is no unit's
                found[f"{layer + 1}.{part}"] = np.stack([s[layer][index] for s in states])
    return found


def _gates(player: Player, sigmoids: list[list[Array]]) -> dict[str, Values]:
    """What every step's sigmoids were, layer by layer -> its gates by name."""
    names = player.cell.sigmoids
    found: dict[str, Values] = {}
    each = len(sigmoids[0]) // len(player.layers)
    for layer in range(len(player.layers) if names else 0):
        own = [step[layer * each : (layer + 1) * each] for step in sigmoids]
        values = np.stack([np.concatenate(step)[-len(names) * player.width :] for step in own])
        for name, block in zip(names, np.split(values, len(names), axis=1), strict=True):
            if name:
                found[f"{layer + 1}.{name}"] = block
    return found
