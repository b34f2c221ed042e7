"""A trained network as plain arrays: token ids in, logits out, the state carried by the caller.

The arrays are NumPy's, so that sampling starts at once, or another library's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import device

from charrnn.cells import CELLS
from charrnn.cells.base import Array, Weights, linear, namespace, rows
from charrnn.settings import ModelSettings

State = tuple[tuple[Array, ...], ...]
"""Per layer, per array of the cell's state: (..., H)."""


@dataclass(frozen=True)
class Unrolled:
    """T steps of a network: `logits` (T, ..., V) and, per layer, every array of the state.

    `states` are (T, ..., H), and so are `gates` by name, if they were asked for.
    """

    logits: Array
    states: list[tuple[Array, ...]]
    gates: list[dict[str, Array]]

    @property
    def last_state(self) -> State:
        """The state after the last step."""
        return tuple(tuple(array[-1] for array in layer) for layer in self.states)


class Network:
    """The network of `network.model`, with the same cells.

    The embedding is folded into the first layer's input projection: the projection of a token is a
    row of `table` (V, G*H).
    """

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Array]) -> None:
        """`weights` by their names in a checkpoint. Overflow shows in the logits, not here."""
        self.settings, self.weights = settings, weights
        self.cell = CELLS[settings.cell]
        self.layers = [
            self.cell.prepare(
                {name: weights[f"layers.{number}.{name}"] for name in self.cell.shapes(1, 1)}
            )
            for number in range(settings.layers)
        ]
        self.head_bias = bias = weights["head.bias"]
        self.embedding = None if settings.one_hot else weights["embedding.weight"]
        embedding = self.embedding
        if embedding is None:
            embedding = namespace(bias).eye(len(bias), dtype=bias.dtype, device=device(bias))
        with np.errstate(all="ignore"):
            self.table = self.cell.project(self.layers[0], embedding)
        tied = settings.tie_weights
        self.head = embedding * settings.hidden_size**-0.5 if tied else weights["head.weight"]

    def zero_state(self, *batch: int) -> State:
        """The state before a text: zeros, (*batch, H) per array of a layer's state."""
        zeros = namespace(self.head).zeros_like(self.head[0])
        zeros = namespace(zeros).broadcast_to(zeros, (*batch, self.settings.hidden_size))
        return ((zeros,) * len(self.cell.states),) * len(self.layers)

    def project_ids(self, ids: Any) -> Array:
        """The first layer's input projection of ids (...): (..., G*H)."""
        return rows(self.table, ids)

    def step(self, ids: Any, state: State) -> tuple[Array, State]:
        """Read ids (...) in that state -> logits of the next token (..., V), the next state."""
        z = self.project_ids(ids)
        after: list[tuple[Array, ...]] = []
        for weights, before in zip(self.layers, state, strict=True):
            if after:
                z = self.cell.project(weights, after[-1][0])
            after.append(self.cell.step(weights, z, before))
        return linear(after[-1][0], self.head, self.head_bias), tuple(after)

    def unroll(self, ids: Array, state: State, *, gates: bool = False) -> Unrolled:
        """Read ids (T, ...), layer after layer: faster than `step`, equal but for rounding.

        All steps' input projections are one product, and so are their logits. `gates`: keep them.
        """
        z = self.project_ids(ids)
        layers: list[tuple[tuple[Array, ...], dict[str, Array]]] = []
        for weights, before in zip(self.layers, state, strict=True):
            if layers:
                z = self.cell.project(weights, layers[-1][0][0])
            layers.append(self._unroll_layer(weights, z, before, gates))
        states, gates_of = map(list, zip(*layers, strict=True))
        return Unrolled(linear(states[-1][0], self.head, self.head_bias), states, gates_of)

    def _unroll_layer(
        self, weights: Weights, z: Array, state: tuple[Array, ...], gates: bool
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        """z (T, ..., G*H), state -> the states (T, ..., H) after each step, its gates by name."""
        xp = namespace(z)
        after: list[tuple[Array, ...]] = []
        found: list[dict[str, Array]] = []
        for projected in z:
            if gates:
                state, values = self.cell.step_with_gates(weights, projected, state)
                found.append(values)
            else:
                state = self.cell.step(weights, projected, state)
            after.append(state)
        names = self.cell.gates if gates else ()
        by_name = {name: xp.stack([values[name] for values in found]) for name in names}
        return tuple(xp.stack(arrays) for arrays in zip(*after, strict=True)), by_name
