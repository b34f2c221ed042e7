"""An array library whose arrays are symbols: they record in a graph what is done to them.

No network is written a second time: it is called with symbols. What needs constants alone is
computed at once, with NumPy. An array's device is its graph.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from charrnn.extras.export.graph import (
    Body,
    Dtype,
    Graph,
    Node,
    Operation,
    Shape,
    Value,
    broadcast,
)  # fmt: skip
from charrnn.extras.export.onnx_operators import OPERATORS

_LOWEST = float(np.finfo(np.float32).min)


def elementwise(
    operation: Operation | None, numpy: Callable[..., Any], dtype: Dtype | None = None
) -> Callable[..., Any]:
    """A function of symbols and numbers that adds a node. None: of constants alone."""

    def function(*inputs: Any) -> Any:
        symbols = [value for value in inputs if isinstance(value, Symbol)]
        if all(symbol.array is not None for symbol in symbols):
            arrays = [value.array if isinstance(value, Symbol) else value for value in inputs]
            return symbols[0].made(numpy(*arrays))
        assert operation, "constants alone are computed so"
        common = _common(inputs[operation == "where" :])
        values = [cast(value, "float" if operation == "divide" else common) for value in inputs]
        if operation == "where":
            values[0] = cast(inputs[0], "bool")
        shape = broadcast([symbol.shape for symbol in symbols])
        return symbols[0].graph.add(operation, values, shape, dtype or common)

    return function


def _operator(
    operation: Operation | None, numpy: Callable[..., Any], dtype: Dtype | None = None
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """An operator of symbols and numbers, and the same with its operands swapped."""
    function = elementwise(operation, numpy, dtype)
    return function, lambda self, other: function(other, self)


class Symbol:
    """Stands for an array that will be there when the graph is run, or for a constant `array`.

    A constant joins the graph if a node takes it: as a weight, unless it is of whole numbers.
    """

    __hash__ = None  # type: ignore[assignment]
    namespace: ClassVar[Any]
    """The functions of the library, which `symbol_functions` sets."""

    def __init__(
        self, graph: "Recorder", name: str, shape: Shape, dtype: Dtype = "float",
        array: NDArray[Any] | None = None,
    ) -> None:  # fmt: skip
        self.graph, self.name, self.shape, self.dtype = graph, name, shape, dtype
        self.array = array

    def made(self, array: Any, how: Any = None) -> "Symbol":
        """A constant that is made of this one: `how` is said where that can happen again."""
        name = f"{self.name} {self.graph.next_number() if how is None else how}"
        return Symbol(self.graph, name, np.shape(array), "float", np.asarray(array))

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return self.namespace

    @property
    def device(self) -> "Recorder":
        """Where it lives."""
        return self.graph

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator["Symbol"]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, key: Any) -> "Symbol":
        if isinstance(key, Symbol):
            shape = (*key.shape, *self.shape[1:])
            return self.graph.add("gather", [self, cast(key, "int")], shape, self.dtype)
        if self.array is not None:
            return self.made(self.array[key], key)
        return _indexed(self, key if isinstance(key, tuple) else (key,))

    def __matmul__(self, vector: "Symbol") -> "Symbol":
        total: Symbol = (self * vector).sum(-1)
        return total

    def sum(self, axis: int) -> "Symbol":
        """The sum along an axis."""
        total: Symbol = self.namespace.sum(self, axis=axis)
        return total

    def mean(self, axis: int) -> "Symbol":
        """The mean along an axis."""
        mean: Symbol = self.sum(axis) / float(self.shape[axis])
        return mean

    __add__, __radd__ = _operator("add", np.add)
    __sub__, __rsub__ = _operator("subtract", np.subtract)
    __mul__, __rmul__ = _operator("multiply", np.multiply)
    __truediv__, __rtruediv__ = _operator("divide", np.divide)
    __mod__, __rmod__ = _operator("remainder", np.mod)
    __floordiv__, __rfloordiv__ = _operator(None, np.floor_divide)
    __pow__, __rpow__ = _operator(None, np.power)
    __gt__, __lt__ = _operator("greater", np.greater, "bool")
    __ge__, __le__ = _operator("greater_equal", np.greater_equal, "bool")
    __eq__, _ = _operator("equal", np.equal, "bool")  # a node, as it is an array in NumPy

    __neg__ = elementwise("negative", np.negative)


class Recorder(Graph):
    """A graph that symbols record. `for_onnx`: what is an operator of ONNX is one node."""

    def __init__(self, *, for_onnx: bool = False) -> None:
        super().__init__()
        self.operators = OPERATORS if for_onnx else {}
        self.open: list[Body] = [self]
        """The bodies that are being recorded, the innermost last."""
        self._number = 0

    def next_number(self) -> int:
        """1, 2, ..."""
        self._number += 1
        return self._number

    def input(self, name: str, shape: Shape, dtype: Dtype = "float") -> Symbol:
        """An input of the body that is open."""
        self.open[-1].inputs[name] = shape, dtype
        return Symbol(self, name, shape, dtype)

    def weight(self, name: str, array: NDArray[Any]) -> Symbol:
        """A constant that is known by a name."""
        return Symbol(self, name, array.shape, "float", array)

    def add(
        self, operation: Operation, inputs: Sequence[Any], shape: Shape, dtype: Dtype = "float",
        body: Body | None = None, **options: Any,
    ) -> Symbol:  # fmt: skip
        """A symbol for what a new node gives."""
        name, values = f"v{self.next_number()}", tuple(map(self._value, inputs))
        self.open[-1].nodes.append(Node(operation, values, name, shape, dtype, options, body))
        return Symbol(self, name, shape, dtype)

    def body(self, step: Callable[..., Sequence[Symbol]], shapes: Sequence[Shape]) -> Body:
        """What a function does at each step to arrays of these shapes."""
        body = Body()
        self.open.append(body)
        results = step(*(self.input(f"v{self.next_number()}", shape) for shape in shapes))
        self.open.pop()
        body.results = [array.name for array in results]
        return body

    def finished(self, results: Mapping[str, Symbol], *, keep_inputs: bool = True) -> Graph:
        """The graph of these results alone, by the names that they have outside."""
        self.results = [str(self._value(array)) for array in results.values()]
        self.outputs = {name: (array.shape, array.dtype) for name, array in results.items()}
        self.prune(keep_inputs=keep_inputs)
        return self

    def _value(self, value: Any) -> Value:
        """What a node takes: a name, or a number that float32 has."""
        if not isinstance(value, Symbol):
            return value if isinstance(value, int) else max(float(value), _LOWEST)
        if value.array is not None:
            kept = self.weights if value.array.dtype.kind == "f" else self.constants
            kept[value.name] = np.ascontiguousarray(value.array, np.float32)
        return value.name


def cast(value: Any, dtype: Dtype) -> Any:
    """A value as an operation wants it."""
    if not isinstance(value, Symbol):
        return int(value) if dtype == "int" else float(value)
    if value.dtype == dtype:
        return value
    return value.graph.add("cast", [value], value.shape, dtype)


def _common(values: Sequence[Any]) -> Dtype:
    """The type that these are computed in: whole numbers only where all are."""
    kinds = {v.dtype if isinstance(v, Symbol) else type(v).__name__ for v in values}
    return "int" if "int" in kinds and kinds <= {"int", "bool"} else "float"


def _indexed(x: Symbol, parts: Sequence[Any]) -> Symbol:
    """x at slices, numbers, None and an ellipsis."""
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    rest = [slice(None)] * (len(x.shape) - taken)
    shape, axis = list[int](), 0
    for part in (*parts[:at], *rest, *parts[at + 1 :]):
        if part is None:
            shape.append(1)
            continue
        cut = part if isinstance(part, slice) else slice(part, part + 1 or None)
        start, stop, _ = cut.indices(x.shape[axis])
        if stop - start != x.shape[axis]:
            sliced = (*x.shape[:axis], stop - start, *x.shape[axis + 1 :])
            x = x.graph.add("slice", [x], sliced, x.dtype, axis=axis, start=start)
        if isinstance(part, slice):
            shape.append(stop - start)
        axis += 1
    result: Symbol = x.namespace.reshape(x, shape)
    return result
