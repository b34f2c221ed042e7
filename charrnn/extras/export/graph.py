"""A network as a graph of elementary operations, for programs that are not Python.

`symbols.py` records one: a network is called once with symbols in place of arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Dtype = Literal["float", "int", "bool"]
Operation = Literal[
    "add", "subtract", "multiply", "divide", "remainder", "maximum", "logaddexp", "where",
    "negative", "tanh", "exp", "sqrt", "abs", "greater", "greater_equal", "equal",
    "cast", "gather", "take_along", "linear", "product", "convolution", "concat", "slice",
    "reshape", "permute", "expand", "range", "sum", "max", "scan", "layer",
]  # fmt: skip

LENGTH, BATCH, COUNT = 2**41 + 27, 2**42 + 15, 2**43 + 29
"""Sizes that differ from call to call: positions of a source, sequences, spans of a text.

A network is traced with these numbers, which no size of it can be, so that they show wherever they
go.
"""
DYNAMIC: dict[int, str] = {LENGTH: "length", BATCH: "batch", COUNT: "count"}

Shape = tuple[int, ...]
Value = str | float
"""The name of an array, or a number: an `int` beside whole numbers."""


@dataclass(frozen=True)
class Node:
    """One operation. Its arrays broadcast as those of NumPy.

    gather: table (V, K), ids (...) -> rows (..., K); take_along: x (S, ...), indices (N, ...) ->
    x at these indices of the first axis; linear: x (..., D), weight (K, D) -> x weight' (..., K);
    product: a matrix product of the last two axes; convolution: x, weight, bias -> 3 x 3,
    rectified, the largest of each `pool`; concat, slice from `start`, sum, max: along `axis`;
    range: 0, 1, ...; permute: by `axes`; remainder: of whole numbers, not negative. scan: x (T,
    ...) and a state -> what `body` makes first of each x; its `last` are the names of the state
    after all. layer: the same of x, weights and a state, by a cell. Others are functions of each
    number.
    """

    operation: Operation
    inputs: tuple[Value, ...]
    output: str
    shape: Shape
    dtype: Dtype
    options: dict[str, Any] = field(default_factory=dict)
    body: "Body | None" = None


@dataclass
class Body:
    """Nodes in an order in which they can be computed: those that make a node's inputs come first.

    `inputs` by name, `results` are names.
    """

    inputs: dict[str, tuple[Shape, Dtype]] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    results: list[str] = field(default_factory=list)


class Graph(Body):
    """A network: its inputs, nodes and results, which `outputs` give their names and kinds to.

    `weights` (float32) are stored in fewer bits where that is asked for; `constants` are not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.outputs: dict[str, tuple[Shape, Dtype]] = {}
        self.weights: dict[str, NDArray[np.float32]] = {}
        self.constants: dict[str, NDArray[np.float32]] = {}
        self.unused: list[str] = []
        """Inputs that nothing is made of."""

    def prune(self) -> None:
        """Leave out all nodes and constants that nothing is made of."""
        used = _prune(self, set(self.results))
        self.weights = {n: array for n, array in self.weights.items() if n in used}
        self.constants = {n: array for n, array in self.constants.items() if n in used}
        self.unused = [name for name in self.inputs if name not in used]


def _prune(body: Body, used: set[str]) -> set[str]:
    """Leave out the nodes that make nothing of what is used; the names of what is."""
    kept: list[Node] = []
    for node in reversed(body.nodes):
        if not used.isdisjoint((node.output, *node.options.get("last", ()))):
            kept.append(node)
            used.update(value for value in node.inputs if isinstance(value, str))
            if node.body:
                used.update(node.body.results)
                _prune(node.body, used)
    body.nodes = kept[::-1]
    return used


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape of what arrays of these shapes make together."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    sizes = tuple(map(max, zip(*padded, strict=True)))
    for shape in padded:
        assert all(size in (1, most) for size, most in zip(shape, sizes, strict=True)), shapes
    return sizes
