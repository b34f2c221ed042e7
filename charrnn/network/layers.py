"""A stack of recurrent layers over T time steps, or over one.

A layer is a cell with its weights. `run` computes it over all steps of a sequence, by the library's
own function of the cell where there is one, otherwise by a loop over the cell's step.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from array_api_compat import device

from charrnn.cells import CELLS
from charrnn.cells.arrays import Array, library, namespace
from charrnn.cells.base import Cell, Weights
from charrnn.cells.functions import rms_norm
from charrnn.cells.parameters import LAYERS, REVERSE, Group, Parameters
from charrnn.network.residual import norm_parameter, residual_parameters
from charrnn.settings import ModelSettings

LayerState = tuple[Array, ...]
State = tuple[LayerState, ...]
"""Per layer, per array of its cell's state: (..., K), and K is H as a rule."""


class Layer:
    """One cell and its weights, by the cell's own names for them.

    `norm` (D,) scales its normalized inputs; without residual connections it is None.
    """

    def __init__(self, cell: type[Cell], weights: Weights, norm: Array | None = None) -> None:
        self.cell = cell
        self.weights = weights
        self.norm = norm

    @cached_property
    def prepared(self) -> Weights:
        """The weights as the cell's step takes them, once for many steps."""
        return self.cell.prepare(self.weights)

    @classmethod
    def of_prepared(cls, cell: type[Cell], weights: Weights, norm: Array | None) -> "Layer":
        """A layer of weights that are prepared already."""
        layer = cls(cell, weights, norm)
        layer.prepared = weights
        return layer

    def run(self, x: Array, state: LayerState) -> tuple[Array, LayerState]:
        """x (T, B, D), the state before it -> outputs (T, B, H), the state after it."""
        faster = library(x).layer
        if faster:
            outputs, after = faster(self.cell, self.weights, self.normalized(x), state)
            return outputs, after
        return loop(self.cell, self.weights, self.normalized(x), state)

    def step(self, x: Array, state: LayerState) -> LayerState:
        """x (..., D) of one time step, the state before it -> the state after it."""
        return self.cell.step(self.prepared, self.project(x), state)

    def project(self, x: Array) -> Array:
        """The input projection: x (..., D) -> z (..., G*H)."""
        return self.cell.project(self.prepared, self.normalized(x))

    def normalized(self, x: Array) -> Array:
        """x (..., D) as the cell reads it."""
        return x if self.norm is None else rms_norm(x, self.norm)


def loop(
    cell: type[Cell], weights: Weights, x: Array, state: LayerState
) -> tuple[Array, LayerState]:
    """A layer step by step: x (T, B, D) -> outputs (T, B, H), the state after the last step."""
    weights, outputs = cell.prepare(weights), []
    for z in cell.project(weights, x):
        state = cell.step(weights, z, state)
        outputs.append(state[0])
    return namespace(outputs[0]).stack(outputs), state


def stack(
    settings: ModelSettings,
    weights: Mapping[str, Array],
    prefix: str = "layers",
    direction: str = "",
) -> list[Layer]:
    """The layers of that name, first to last; the `direction` "reverse." reads backwards."""
    cell = CELLS[settings.cell]
    names = cell.parameters(1, 1)  # the names do not depend on the sizes
    layers = []
    for number in range(settings.layers):
        before = f"{prefix}.{number}.{direction}"
        norm = weights.get(f"{before}norm")
        layers.append(Layer(cell, {name: weights[before + name] for name in names}, norm))
    return layers


def stack_parameters(
    settings: ModelSettings, inputs: Sequence[int], prefix: str = "layers", group: Group = LAYERS
) -> Parameters:
    """The parameters of layers, each with its number of inputs; bidirectional ones have both."""
    cell, parameters = CELLS[settings.cell], Parameters()
    directions = {"": group}
    if settings.bidirectional and group == LAYERS:
        directions["reverse."] = REVERSE
    if settings.residual:
        more, inputs = residual_parameters(settings.hidden_size * len(directions), inputs, prefix)
        parameters = {name: p._replace(group=group) for name, p in more.items()}
    for number, size in enumerate(inputs):
        for direction, in_group in directions.items():
            for name, parameter in cell.parameters(size, settings.hidden_size).items():
                full_name = f"{prefix}.{number}.{direction}{name}"
                parameters[full_name] = parameter._replace(group=in_group)
            if settings.residual:
                norm = norm_parameter(size)._replace(group=in_group)
                parameters[f"{prefix}.{number}.{direction}norm"] = norm
    return parameters


def zero_state(settings: ModelSettings, like: Array, *batch: int) -> State:
    """The state of a stack before a sequence: zeros of the library and type of another array."""
    xp, shapes = namespace(like), CELLS[settings.cell].state_shapes(settings.hidden_size)
    return tuple(
        tuple(xp.zeros((*batch, *shape), dtype=like.dtype, device=device(like)) for shape in shapes)
        for _ in range(settings.layers)
    )


def slice_state(state: State, sequences: slice) -> State:
    """The state of a slice of the sequences."""
    return tuple(tuple(array[sequences] for array in layer) for layer in state)


def join_states(states: Sequence[State]) -> State:
    """The states of several slices of a batch, as one of the whole batch."""
    if len(states) == 1:
        return states[0]
    return tuple(
        tuple(namespace(arrays[0]).concat(arrays) for arrays in zip(*layers, strict=True))
        for layers in zip(*states, strict=True)
    )


def masked_state(state: State, mask: Array) -> State:
    """The state with zeros for the sequences that a mask (B,) leaves out."""
    first = state[0][0]
    kept = namespace(first).asarray(mask, device=device(first))[:, None]
    return tuple(tuple(array * kept for array in layer) for layer in state)


def detach_state(state: State) -> State:
    """The state without its history: there back-propagation through time is truncated (torch)."""
    return tuple(tuple(array.detach() for array in layer) for layer in state)
