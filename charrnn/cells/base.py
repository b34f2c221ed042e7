"""What a recurrent cell promises.

A legend for shapes, here and everywhere: T time steps, B lanes, D inputs, H hidden units,
G gates, V tokens; `...` is any number of lanes, none included.

A cell is one function, `step(weights, z, state) -> state`, on arrays of any library: the same
lines train in torch and sample in NumPy. `z` is the input's share, as a rule `x W_ih' + b_ih`,
which the caller has multiplied for all time steps at once. `state` is a tuple of arrays; the first
is the output.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

from array_api_compat import array_namespace, is_numpy_array, is_torch_array

Array = Any  # an array of NumPy, torch, or whatever else follows the array API standard
Weights = Mapping[str, Array]
State = tuple[Array, ...]
Shapes = dict[str, tuple[int, ...]]


class Cell(ABC):
    """One recurrent cell: its gates, the arrays of its state, its equations."""

    gates: ClassVar[int]
    """Blocks of H rows in `weight_ih` (G*H, D) and `weight_hh` (G*H, H)."""

    states: ClassVar[tuple[str, ...]] = ("h",)
    """What the arrays (..., H) of its state are called."""

    sigmoids: ClassVar[tuple[str | None, ...]] = ()
    """Which gate each (..., H) of the last values is that `step` took a sigmoid of, in order."""

    bias: ClassVar[tuple[float, ...]] = ()
    """Where each gate's bias starts, if not at 0."""

    fused: ClassVar[str | None] = None
    """torch's function of the same equations and weight layout (`torch.lstm`), if there is one."""

    identity: ClassVar[bool] = False
    """Whether `weight_hh` starts as the identity (else orthogonal), and `weight_ih` small."""

    @classmethod
    def shapes(cls, inputs: int, hidden: int) -> Shapes:
        """Name -> shape of the cell's weights, in the layout of `torch.nn`."""
        rows = cls.gates * hidden
        return {
            "weight_ih": (rows, inputs),
            "weight_hh": (rows, hidden),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }

    @classmethod
    def prepared(cls, weights: Weights) -> Weights:
        """The weights as `step` takes them: whatever can be reckoned once for many steps."""
        return weights

    @staticmethod
    def share(weights: Weights, x: Array) -> Array:
        """The input's share: x (..., D) -> z (..., G*H)."""
        return linear(x, weights["weight_ih"], weights["bias_ih"])

    @staticmethod
    @abstractmethod
    def step(weights: Weights, z: Array, state: State) -> State:
        """One time step: the input's share z (..., G*H) and the state -> the next state."""


class Scanned(Cell):
    """A cell whose gates do not see its state: h = keep h + add, so all steps may be one scan."""

    @staticmethod
    @abstractmethod
    def coefficients(z: Array) -> tuple[Array, Array]:
        """The input's share z (..., G*H) -> (keep, add), each (..., H)."""

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:  # noqa: ARG003  (all in z)
        """z (..., G*H), state (h,) -> (h,)."""
        keep, add = cls.coefficients(z)
        return (keep * state[0] + add,)


class _Library(NamedTuple):
    """An array's library: the standard's functions, and what it may have beside them."""

    functions: Any
    linear: Callable[..., Array] | None = None
    embedding: Callable[..., Array] | None = None
    sigmoid: Callable[[Array], Array] | None = None


_LIBRARIES: dict[type, _Library] = {}


def _library(x: Array) -> _Library:
    """Found once a type: looking takes longer than a small tanh.

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
    """The state's share of the gates: h (..., H) -> (..., G*H)."""
    return linear(h, weights["weight_hh"], weights["bias_hh"])


def rows(table: Array, ids: Any) -> Array:
    """table (V, K), ids (...) -> its rows (..., K)."""
    own = _library(table).embedding
    return own(table, ids) if own and not isinstance(ids, int) else table[ids]


def blocks(z: Array, count: int) -> list[Array]:
    """Cut (..., count*H) into `count` views (..., H), one a gate."""
    size = z.shape[-1] // count
    return [z[..., i * size : (i + 1) * size] for i in range(count)]


def tanh(x: Array) -> Array:
    """The hyperbolic tangent."""
    return namespace(x).tanh(x)


_recorded: list[Array] | None = None


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)): the library's own, or through tanh, which cannot overflow."""
    own = _library(x).sigmoid
    y = own(x) if own else 0.5 * tanh(0.5 * x) + 0.5
    if _recorded is not None:
        _recorded.append(y)
    return y


@contextmanager
def recorded_sigmoids() -> Iterator[list[Array]]:
    """A block whose sigmoids are recorded: what the gates do. For one thread at a time."""
    global _recorded  # noqa: PLW0603  (the equations stay equations, and need not hand it on)
    _recorded = []
    try:
        yield _recorded
    finally:
        _recorded = None
