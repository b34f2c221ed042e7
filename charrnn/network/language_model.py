"""The language model: embedding -> recurrent layers -> logits. State goes in and comes out.

    ids (T, B) -> x (T, B, D) -> outputs of each layer (T, B, H) -> logits (T, B, V)

`forward` computes many steps of many sequences, as training and evaluation do. `step` computes one
time step, as sampling does, with the embedding folded into the first layer: the input projection of
a token is a row of a table.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import device

from charrnn.cells.arrays import Array, linear, namespace, rows
from charrnn.cells.base import Cell, Gates
from charrnn.cells.parameters import EMBEDDING, HEAD, UNIT, XAVIER, Parameter, Parameters
from charrnn.network.layers import (
    LayerState,
    State,
    add,
    enter,
    leave,
    stack,
    stack_parameters,
    trace,
    zero_state,
)
from charrnn.settings import ModelSettings


class Trace(NamedTuple):
    """T steps: `logits` (T, ..., V); by layer, every unit and every gate (T, ..., H) by its name.

    With the state after the last step. Gates are there if they were asked for.
    """

    logits: Array
    units: list[Gates]
    gates: list[Gates]
    last_state: State


def embedding_parameters(settings: ModelSettings, vocabulary_size: int) -> Parameters:
    """A vector for each token, unless tokens are fed as one-hot vectors."""
    shape = vocabulary_size, settings.embedding_size
    weight = Parameter(shape, UNIT, "embedding", EMBEDDING)
    return {} if settings.one_hot else {"embedding.weight": weight}


def head_parameters(predicted: int, features: int, *, tied: bool = False) -> Parameters:
    """The linear layer that ends a network; tied weights are the embedding's."""
    weight = Parameter((predicted, features), XAVIER, group=HEAD)
    bias = Parameter((predicted,), group=HEAD)
    return {"head.bias": bias} if tied else {"head.bias": bias, "head.weight": weight}


def embed(settings: ModelSettings, weights: Mapping[str, Array], ids: Array) -> Array:
    """The inputs (..., D) of the first layer: rows of the embedding, or one-hot vectors."""
    if not settings.one_hot:
        return rows(weights["embedding.weight"], ids)
    like = weights.get("layers.input.weight", weights["layers.0.weight_ih"])
    xp = namespace(like)
    return xp.astype(ids[..., None] == xp.arange(like.shape[1], device=device(like)), like.dtype)


class LanguageModel:
    """Token ids in, logits of the next token out."""

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Array]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings = settings
        self.weights = weights
        self.layers = stack(settings, weights)

    @staticmethod
    def parameters(settings: ModelSettings, vocabulary_size: int) -> Parameters:
        """Every parameter by its name in a checkpoint."""
        hidden = settings.hidden_size
        inputs = vocabulary_size if settings.one_hot else settings.embedding_size
        return {
            **embedding_parameters(settings, vocabulary_size),
            **stack_parameters(settings, [inputs] + [hidden] * (settings.layers - 1)),
            **head_parameters(vocabulary_size, hidden, tied=settings.tie_weights),
        }

    @property
    def cell(self) -> type[Cell]:
        """The cell of its layers."""
        return self.layers[0].cell

    @property
    def vocabulary_size(self) -> int:
        """Tokens that it knows (V)."""
        return len(self.weights["head.bias"])

    @property
    def dropout_sizes(self) -> list[int]:
        """The outputs that dropout may drop, by layer."""
        return [self.settings.hidden_size] * len(self.layers)

    def zero_state(self, *batch: int) -> State:
        """The state before a text: zeros, (*batch, H) per array of a layer's state."""
        return zero_state(self.settings, self.weights["head.bias"], *batch)

    def forward(self, ids: Array, state: State, masks: Sequence[Array] = ()) -> tuple[Array, State]:
        """ids (T, B), state, a dropout mask (1, B, H) per layer or none -> logits, state."""
        x, after = enter(self.settings, self.weights, embed(self.settings, self.weights, ids)), []
        for layer, before, mask in zip_longest(self.layers, state, masks):
            outputs, layer_state = layer.run(x, before)
            after.append(layer_state)
            x = add(self.settings, x, outputs, mask)
        return self.logits(x), tuple(after)

    def logits(self, outputs: Array) -> Array:
        """Outputs of the last layer (..., H) -> logits (..., V)."""
        outputs = leave(self.settings, self.weights, outputs)
        return linear(outputs, self._head_weight(), self.weights["head.bias"])

    def step(self, ids: Any, state: State) -> tuple[Array, State]:
        """Read ids (...) in that state -> logits of the next token (..., V), the next state."""
        x, z, after = *self._look_up(ids), list[LayerState]()
        for layer, before in zip(self.layers, state, strict=True):
            z = layer.project(x) if after else z
            after.append(layer.cell.step(layer.prepared, z, before))
            x = add(self.settings, x, after[-1][0])
        return self._folded_logits(x), tuple(after)

    def trace(self, ids: Array, state: State, *, gates: bool = False) -> Trace:
        """Read ids (T, ...), layer after layer, and keep every unit: equal to `step` but rounding.

        All steps' input projections are one product, and so are their logits.
        """
        x, z, after = *self._look_up(ids), list[LayerState]()
        units, opened = list[Gates](), list[Gates]()
        for layer, before in zip(self.layers, state, strict=True):
            z = layer.project(x) if after else z
            arrays, values, last = trace(layer, z, before, gates=gates)
            units.append(arrays)
            opened.append(values)
            after.append(last)
            x = add(self.settings, x, arrays[layer.cell.states[0]])
        return Trace(self._folded_logits(x), units, opened, tuple(after))

    def _look_up(self, ids: Any) -> tuple[Array | None, Array]:
        """What ids (...) give the first layer: x (..., H), with residual, and z (..., G*H)."""
        row = rows(self.table, ids)
        return (row, self.layers[0].project(row)) if self.settings.residual else (None, row)

    def _folded_logits(self, x: Array) -> Array:
        """As `logits`, with the output weights computed once."""
        x = leave(self.settings, self.weights, x)
        return linear(x, self.head, self.weights["head.bias"])

    @cached_property
    def table(self) -> Array:
        """What `read` gives for every token (V, ...).

        Computed once, as `head` is: only for weights that stay the same.
        """
        with np.errstate(all="ignore"):
            return self.read(self.inputs())

    def read(self, x: Array) -> Array:
        """x (..., D) -> the first layer's input projection (..., G*H).

        With residual connections it is what the layers add to (..., H).
        """
        if self.settings.residual:
            return enter(self.settings, self.weights, x)
        return self.layers[0].project(x)

    @cached_property
    def embedding(self) -> Array | None:
        """The embedding (V, D), if there is one."""
        return self.weights.get("embedding.weight")

    def inputs(self) -> Array:
        """What each token feeds the first layer (V, D)."""
        like = self.weights["head.bias"]
        if self.embedding is not None:
            return self.embedding
        return namespace(like).eye(len(like), dtype=like.dtype, device=device(like))

    @cached_property
    def head(self) -> Array:
        """The output weights (V, H), computed once."""
        return self._head_weight()

    def _head_weight(self) -> Array:
        if self.settings.tie_weights:  # rows of unit variance: scaled to start with small logits
            return self.weights["embedding.weight"] * self.settings.hidden_size**-0.5
        return self.weights["head.weight"]
