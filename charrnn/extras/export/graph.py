"""A network's step as a graph of elementary operations, for programs that are not Python.

No cell is written a second time: its `step` is called once with symbols in place of arrays, which
record what is done to them.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import register, rows
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import Layer

Operation = Literal[
    "gather", "matmul", "slice", "concat", "where", "repeat", "group_sums",
    "tanh", "exp", "sqrt", "abs", "negative", "logaddexp", "maximum",
    "add", "subtract", "multiply", "divide", "remainder", "greater", "greater_equal", "equal",
]  # fmt: skip
CONDITIONS = ("greater", "greater_equal", "equal")
"""Operations that give truth values, which count as 0 and 1 in arithmetic."""

Value = str | float
"""The name of an array, or a number."""


@dataclass(frozen=True)
class Node:
    """One operation. Arrays are (..., `size`), where `...` is any batch, and broadcast.

    gather: table (V, K), ids (...) -> rows (..., K); matmul: x (..., D), weight (K, D) ->
    x weight' (..., K); slice: x (..., D) -> x from `start` to `start + size`; concat: along the
    last axis; where: condition, value if true, value if not; repeat: each `group` of numbers that
    follow each other, so many `times`; group_sums: of each `group` of them; remainder: of whole
    numbers, not negative. Others are functions of one or two arrays or numbers.
    """

    operation: Operation
    inputs: tuple[Value, ...]
    output: str
    size: int
    start: int = 0
    group: int = 1
    times: int = 1


@dataclass
class Graph:
    """The step of a network: its input `ids` and, by layer, the arrays of its state, all by name.

    `state_sizes`: of each array of a layer's state. `weights` (float32): the arrays that nodes take
    and do not make. A node comes after its inputs. `logits` and `next_state` name the results.
    """

    vocabulary_size: int
    state: list[list[str]]
    state_sizes: list[int]
    weights: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    logits: str = ""
    next_state: list[list[str]] = field(default_factory=list)

    def add(self, operation: Operation, *inputs: Any, size: int, **how: int) -> "Symbol":
        """A symbol for what a new node gives; `how` are the numbers that some operations need."""
        names, output = tuple(map(self._name, inputs)), f"v{len(self.nodes)}"
        node = Node(operation, names, output, size, **how)
        self.nodes.append(node)
        return Symbol(self, node.output, (size,))

    def _name(self, value: Any) -> Value:
        if not isinstance(value, Symbol):
            return float(value)
        if value.array is not None:
            self.weights[value.name] = np.ascontiguousarray(value.array, np.float32)
        return value.name


def _operation(operation: Operation) -> Callable[..., Any]:
    """A function of symbols and numbers, one symbol at least, that adds a node."""

    def node(*inputs: Any) -> "Symbol":
        symbols = [value for value in inputs if isinstance(value, Symbol)]
        size = max(symbol.shape[-1] for symbol in symbols)
        return symbols[0].graph.add(operation, *inputs, size=size)

    return node


def _operator(operation: Operation) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """An operator of symbols and numbers, and the same with its operands swapped."""
    node = _operation(operation)
    return node, lambda self, other: node(other, self)


class Symbol:
    """Stands for an array (..., D) that will be there when the graph is run, or for a weight."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        graph: Graph,
        name: str,
        shape: tuple[int, ...],
        array: NDArray[Any] | None = None,
        transposed: bool = False,
    ) -> None:
        """`array`: a weight, which joins the graph if a node takes it, or else its transpose."""
        self.graph, self.name, self.shape = graph, name, shape
        self.array, self.transposed = array, transposed

    def __array_namespace__(self, api_version: str | None = None) -> type["_Functions"]:
        return _Functions

    @property
    def T(self) -> "Symbol":  # noqa: N802  (the standard's name)
        """The transpose of a weight."""
        return Symbol(self.graph, self.name, self.shape[::-1], self.array, transposed=True)

    def __getitem__(self, key: Any) -> "Symbol":
        if isinstance(key, Symbol):
            return self.graph.add("gather", self, key, size=self.shape[-1])
        if self.array is not None:
            assert not self.transposed, "its name would be that of other rows"
            array = self.array[key]
            cut = key[-1] if isinstance(key, tuple) else key
            name = f"{self.name}[{cut.start or 0}:{cut.stop or ''}]"
            return Symbol(self.graph, name, array.shape, array)
        start, stop, _ = key[-1].indices(self.shape[-1])
        return self.graph.add("slice", self, size=stop - start, start=start)

    def __matmul__(self, weight: "Symbol") -> "Symbol":
        assert weight.transposed, "cells multiply with the transpose of a weight"
        return self.graph.add("matmul", self, weight, size=weight.shape[-1])

    __add__, __radd__ = _operator("add")
    __sub__, __rsub__ = _operator("subtract")
    __mul__, __rmul__ = _operator("multiply")
    __truediv__, __rtruediv__ = _operator("divide")
    __mod__, _ = _operator("remainder")
    __gt__, __lt__ = _operator("greater")
    __ge__, __le__ = _operator("greater_equal")
    __eq__, _ = _operator("equal")  # a node, as it is an array in NumPy

    __neg__ = _operation("negative")


class _Functions:
    """The functions of the array standard that cells call."""

    tanh = staticmethod(_operation("tanh"))
    exp = staticmethod(_operation("exp"))
    sqrt = staticmethod(_operation("sqrt"))
    abs = staticmethod(_operation("abs"))
    maximum = staticmethod(_operation("maximum"))
    where = staticmethod(_operation("where"))
    logaddexp = staticmethod(_operation("logaddexp"))

    @staticmethod
    def zeros_like(_: Symbol) -> float:
        return 0.0

    @staticmethod
    def concat(arrays: tuple[Symbol, ...], axis: int) -> Symbol:  # noqa: ARG004  (always the last)
        size = sum(array.shape[-1] for array in arrays)
        return arrays[0].graph.add("concat", *arrays, size=size)


def _repeat(x: Symbol, times: int, group: int) -> Symbol:
    return x.graph.add("repeat", x, size=x.shape[-1] * times, group=group, times=times)


def _group_sums(x: Symbol, group: int) -> Symbol:
    return x.graph.add("group_sums", x, size=x.shape[-1] // group, group=group)


register(Symbol, repeat=_repeat, group_sums=_group_sums)


class _Projections:
    """The table, each row of which is computed where it is looked up."""

    def __init__(self, network: LanguageModel) -> None:
        self._network = network

    def __array_namespace__(self, api_version: str | None = None) -> type[_Functions]:
        return _Functions

    def __getitem__(self, ids: Symbol) -> Any:
        return self._network.read(rows(self._network.embedding, ids))


def changed(network: LanguageModel, change: Callable[[str, NDArray[Any]], Any]) -> LanguageModel:
    """The network with each array of its step but the table replaced by `change(name, array)`."""
    twin = copy.copy(network)
    twin.layers = [
        Layer.of_prepared(
            layer.cell,
            {n: change(f"layers.{number}.{n}", w) for n, w in layer.prepared.items()},
            None if layer.norm is None else change(f"layers.{number}.norm", layer.norm),
        )
        for number, layer in enumerate(network.layers)
    ]
    twin.head = change("head", network.head)
    twin.weights = {**network.weights}
    for name in ("head.bias", "layers.input.weight", "layers.norm"):
        if name in network.weights:
            twin.weights[name] = change(name.replace(".", "_"), network.weights[name])
    if network.embedding is not None:
        twin.embedding = change("embedding", network.embedding)
    return twin


def keeps_embedding(network: LanguageModel) -> bool:
    """Whether a graph looks up the embedding: where that takes fewer numbers than its table."""
    if network.embedding is None:
        return False
    projection = network.weights.get("layers.input.weight")
    if projection is None:
        projection = network.layers[0].prepared["weight_ih"]
    return bool(network.embedding.size + projection.size < network.table.size)


def trace(network: LanguageModel) -> Graph:
    """The graph of `network.step`, for a network of NumPy arrays."""
    sizes = [size for (size,) in network.cell.state_shapes(network.settings.hidden_size)]
    names = [
        [f"state.{layer}.{name}" for name in network.cell.states]
        for layer in range(network.settings.layers)
    ]
    graph = Graph(network.vocabulary_size, names, sizes)

    def symbol(name: str, array: NDArray[Any]) -> Symbol:
        return Symbol(graph, name, array.shape, array)

    symbolic = changed(network, symbol)
    folds = not keeps_embedding(network)
    symbolic.table = symbol("table", network.table) if folds else _Projections(symbolic)
    state = tuple(
        tuple(Symbol(graph, name, (size,)) for name, size in zip(layer, sizes, strict=True))
        for layer in names
    )
    logits, after = symbolic.step(Symbol(graph, "ids", ()), state)
    graph.logits = logits.name
    graph.next_state = [[array.name for array in layer] for layer in after]
    return graph
