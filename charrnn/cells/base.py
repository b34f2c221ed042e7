"""What a recurrent cell promises.

A legend for shapes, here and everywhere: T time steps, B sequences (the batch), D inputs, H hidden
units, G blocks of H rows in a weight matrix, V tokens in the vocabulary; `...` is any batch.

A cell is one function, `step(weights, z, state) -> state`, on arrays of any library: the same
lines train in torch and sample in NumPy. `z` is the input projection, as a rule `x W_ih' + b_ih`,
which the caller has computed for all time steps at once. `state` is a tuple of arrays; the first
is the output.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from array_api_compat import array_namespace, is_numpy_array, is_torch_array

Array = Any  # an array of NumPy, torch, or any other library that follows the array API standard
Weights = Mapping[str, Array]
State = tuple[Array, ...]
Gates = dict[str, Array]
Shapes = dict[str, tuple[int, ...]]


class Cell(ABC):
    """One recurrent cell: its weights, the arrays of its state, its equations.

    A cell without gates implements `step`. A cell with gates is a `GatedCell`.
    """

    blocks: ClassVar[int]
    """Blocks of H rows in `weight_ih` (G*H, D) and `weight_hh` (G*H, H)."""

    states: ClassVar[tuple[str, ...]] = ("h",)
    """Names of the arrays (..., H) of its state."""

    gates: ClassVar[tuple[str, ...]] = ()
    """Names of its gates, in the order of `step_with_gates`."""

    bias: ClassVar[tuple[float, ...]] = ()
    """The initial bias of each block, if not 0."""

    fused: ClassVar[str | None] = None
    """torch's function of the same equations and weight layout (`torch.lstm`), if there is one."""

    identity: ClassVar[bool] = False
    """Whether `weight_hh` starts as the identity (else orthogonal), and `weight_ih` small."""

    alignment: ClassVar[int] = 1
    """Evaluation starts its sequences at multiples of so many steps: a clock's period, else 1."""

    @classmethod
    def shapes(cls, inputs: int, hidden: int) -> Shapes:
        """Name -> shape of the cell's weights, in the layout of `torch.nn`."""
        rows = cls.blocks * hidden
        return {
            "weight_ih": (rows, inputs),
            "weight_hh": (rows, hidden),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
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


class ScannedCell(GatedCell):
    """A cell whose gates do not see its state: h = keep h + add, so one scan does all steps."""

    @classmethod
    @abstractmethod
    def coefficients(cls, z: Array) -> tuple[Array, Array, Gates]:
        """z (..., G*H) -> keep and add, each (..., H), and the gates."""

    @classmethod
    def step_with_gates(
        cls,
        weights: Weights,  # noqa: ARG003  (all of them are in z)
        z: Array,
        state: State,
    ) -> tuple[State, Gates]:
        """z (..., G*H), state (h,) -> (h,)."""
        keep, add, gates = cls.coefficients(z)
        return (keep * state[0] + add,), gates


class _Library(NamedTuple):
    """An array's library: the standard's functions, and its own faster ones."""

    functions: Any
    linear: Callable[..., Array] | None = None
    embedding: Callable[..., Array] | None = None
    sigmoid: Callable[[Array], Array] | None = None


_LIBRARIES: dict[type, _Library] = {}


def _library(x: Array) -> _Library:
    """Found once per type, because finding it takes longer than a small tanh.

    NumPy has the standard names itself, and array_api_compat's wrapper of it is slow to import.
    """
    found = _LIBRARIES.get(type(x))
    if found is None:
        found = _Library(array_namespace(x, use_compat=False if is_numpy_array(x) else None))
        if is_torch_array(x):
            torch = found.functions
            found = _Library(torch, torch.nn.functional.linear, torch.embedding, torch.sigmoid)
        _LIBRARIES[type(x)] = found
    return found


def namespace(x: Array) -> Any:
    """The functions of the array's own library, by their standard names."""
    return _library(x).functions


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """x (..., D), weight (K, D), bias (K,) -> x weight' + bias (..., K)."""
    own = _library(x).linear
    return own(x, weight, bias) if own else x @ weight.T + bias


def recur(weights: Weights, h: Array) -> Array:
    """The recurrent projection: h (..., H) -> h W_hh' + b_hh (..., G*H)."""
    return linear(h, weights["weight_hh"], weights["bias_hh"])


def rows(table: Array, ids: Any) -> Array:
    """table (V, K), ids (...) -> its rows (..., K)."""
    own = _library(table).embedding
    return own(table, ids) if own and not isinstance(ids, int) else table[ids]


def split(z: Array, count: int) -> list[Array]:
    """Cut (..., count*H) into `count` views (..., H), one a block."""
    size = z.shape[-1] // count
    return [z[..., i * size : (i + 1) * size] for i in range(count)]


def tanh(x: Array) -> Array:
    """The hyperbolic tangent."""
    return namespace(x).tanh(x)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)): the library's own, or through tanh, which cannot overflow."""
    own = _library(x).sigmoid
    return own(x) if own else 0.5 * tanh(0.5 * x) + 0.5
