"""What a recurrent cell promises.

A legend for shapes, here and everywhere: T time steps, B sequences (the batch), D inputs, H hidden
units, G blocks of H rows in a weight matrix, V tokens in the vocabulary; `...` is any batch.

A cell is one function, `step(weights, z, state) -> state`, on arrays of any library: the same
lines train in torch and sample in NumPy. `z` is the input projection, as a rule `x W_ih' + b_ih`,
which the caller has computed for all time steps at once. `state` is a tuple of arrays; the first
is the output.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from charrnn.cells.arrays import Array, linear
from charrnn.cells.parameters import LAYERS, ZERO, Initial, Parameter, Parameters

Weights = Mapping[str, Array]
State = tuple[Array, ...]
Gates = dict[str, Array]

CLOCK = "time"
"""The name of a state that counts steps: it is no unit, and 0 before every sequence."""

NORMALIZER = "n"
"""The name of a state that sums weights: what is divided by it is nothing where it is 0."""


class Cell(ABC):
    """One recurrent cell: its weights, the arrays of its state, its equations.

    A cell without gates implements `step`. A cell with gates is a `GatedCell`.
    """

    blocks: ClassVar[tuple[str, ...]]
    """What each block of H rows in `weight_ih` (G*H, D) and `weight_hh` (G*H, H) computes."""

    states: ClassVar[tuple[str, ...]] = ("h",)
    """Names of the arrays of its state: (..., H), if `state_shapes` does not say otherwise."""
    gates: ClassVar[tuple[str, ...]] = ()
    """Names of its gates, in the order of `step_with_gates`."""
    bias: ClassVar[tuple[float, ...]] = ()
    """The initial bias of each block, if not 0."""
    fused: ClassVar[str | None] = None
    """torch's function of the same equations and weight layout (`torch.lstm`), if there is one."""
    alignment: ClassVar[int] = 1
    """Evaluation starts sequences at multiples of these steps: a clock's period, else 1."""
    warm_up: ClassVar[int] = 256
    """Steps after which evaluation takes a state for that of the whole text before it."""

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """The cell's parameters by name, in the layout of `torch.nn`.

        Recurrent weights begin orthogonal, input weights with Xavier's distribution, block by
        block, so that each gate begins like a layer of its own.
        """
        rows = len(cls.blocks) * hidden
        return {
            "weight_ih": matrix(rows, inputs, Initial("xavier", hidden)),
            "weight_hh": matrix(rows, hidden, Initial("orthogonal", hidden)),
            "bias_ih": vector(rows, Initial("constant", hidden, values=cls.bias)),
            "bias_hh": vector(rows),
        }

    @classmethod
    def state_shapes(cls, hidden: int) -> tuple[tuple[int, ...], ...]:
        """The shape of each array of its state, for one sequence: (K,), and K is H as a rule."""
        return ((hidden,),) * len(cls.states)

    @classmethod
    def units(cls, hidden: int) -> dict[str, int]:
        """The arrays with a value for each hidden unit, by their names: where they stand."""
        shapes = zip(cls.states, cls.state_shapes(hidden), strict=True)
        return {
            name: place
            for place, (name, shape) in enumerate(shapes)
            if shape == (hidden,) and name != CLOCK
        }

    @classmethod
    def prepare(cls, weights: Weights) -> Weights:
        """The weights as `step` takes them: what can be computed once for many steps."""
        return weights

    @staticmethod
    def project(weights: Weights, x: Array) -> Array:
        """The input projection: x (..., D) -> z (..., G*H)."""
        return linear(x, weights["weight_ih"], weights["bias_ih"])

    @classmethod
    @abstractmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """One time step: the input projection z (..., G*H) and the state -> the next state."""

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """As `step`, and the gates by name: values (..., H) from 0 (closed) to 1 (open)."""
        return cls.step(weights, z, state), {}


class GatedCell(Cell):
    """A cell with gates: its equations are in `step_with_gates`, which `step` calls."""

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """One time step: z (..., G*H) and the state -> the next state."""
        return cls.step_with_gates(weights, z, state)[0]

    @classmethod
    @abstractmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """One time step: z (..., G*H) and the state -> the next state, the gates by name."""


def recur(weights: Weights, h: Array) -> Array:
    """The recurrent projection: h (..., H) -> h W_hh' + b_hh (..., G*H)."""
    return linear(h, weights["weight_hh"], weights["bias_hh"])


def matrix(rows: int, columns: int, initial: Initial) -> Parameter:
    """A matrix of a cell."""
    return Parameter((rows, columns), initial, "hidden", LAYERS)


def vector(size: int, initial: Initial = ZERO) -> Parameter:
    """A bias, or another vector, of a cell."""
    return Parameter((size,), initial, group=LAYERS)
