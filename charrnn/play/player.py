"""A trained model as plain arrays: feed token ids, get logits, carry the state.

The arrays are NumPy's, so that sampling starts at once, or of any other library.
"""

from collections.abc import Mapping
from typing import Any

from charrnn.cells import CELLS
from charrnn.cells.base import Array, linear, namespace, rows
from charrnn.settings import ModelSettings

State = tuple[tuple[Array, ...], ...]


class Player:
    """The network of `engine.model`, one step at a time, with the same cells.

    The embedding is folded into the first layer's input product: a token's share of its gates is
    one row of a table (V, G*H), as a rule.
    """

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Array]) -> None:
        """`weights` as `CharRNN.export` names them. Overflow is the caller's: see the logits."""
        self.cell = CELLS[settings.cell]
        self.width = settings.width
        self.layers = [
            self.cell.prepared(
                {name: weights[f"layers.{number}.{name}"] for name in self.cell.shapes(1, 1)}
            )
            for number in range(settings.layers)
        ]
        embedding, first = weights["embedding"], self.layers[0]
        self.table = self.cell.share(first, embedding)
        self.head = embedding * settings.width**-0.5 if settings.tie else weights["head"]
        self.head_bias = weights["head_bias"]

    def zero_state(self, *lanes: int) -> State:
        """What every text starts from: per layer, per array of the cell's state, (*lanes, H)."""
        zeros = namespace(self.head).zeros_like(self.head[0])
        zeros = namespace(zeros).broadcast_to(zeros, (*lanes, self.width))
        return ((zeros,) * len(self.cell.states),) * len(self.layers)

    def feed(self, ids: Any, state: State) -> tuple[Array, State]:
        """ids (*lanes), state -> logits of the next token (*lanes, V), state."""
        z = rows(self.table, ids)
        after: list[tuple[Array, ...]] = []
        for weights, before in zip(self.layers, state, strict=True):
            if after:
                z = self.cell.share(weights, after[-1][0])
            after.append(self.cell.step(weights, z, before))
        return linear(after[-1][0], self.head, self.head_bias), tuple(after)
