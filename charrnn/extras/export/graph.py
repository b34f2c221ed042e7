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
    "add", "subtract", "multiply", "divide", "remainder", "maximum", "where",
    "negative", "tanh", "sigmoid", "softplus", "exp", "sqrt", "abs",
    "greater", "greater_equal", "equal", "cast",
    "gather", "linear", "convolution", "concat", "slice",
    "reshape", "permute", "expand", "range", "sum", "max", "scan", "layer",
]  # fmt: skip

LENGTH, BATCH, COUNT = 2**41 + 27, 2**42 + 15, 2**43 + 29
"""Sizes that differ from call to call: positions of a source, sequences, spans of a text.

A network is traced with these numbers, which no size of it can be, so that they show wherever they
go.
"""
DYNAMIC: dict[int, str] = {LENGTH: "length", BATCH: "batch", COUNT: "count"}
LARGEST = 2**40
"""No size that is known is larger."""

Shape = tuple[int, ...]
Value = str | float
"""The name of an array, or a number: an `int` beside whole numbers."""


@dataclass(frozen=True)
class Node:
    """One operation on arrays and numbers: `output` names the array (`shape`) that it gives.

    Most are functions of each number, of arrays that broadcast as those of NumPy. The others:

    gather       table (V, ...), ids (...) -> rows of the table
    linear       x (..., N, D), weight (..., K, D) -> x weight' (..., N, K)
    concat, slice, sum, max    along `axis`; a slice begins at `start`
    reshape, expand, permute   to `shape`; the axes in the order `perm`
    range        0, 1, ...
    scan         x (T, ...) and a state -> the first result of `body` at each step. The results are
                 the next state; the names of the state after all steps are `last`
    layer        the same of x (T, B, D), weights and a state, by an `operator`: of ONNX alone,
    convolution  as `cells.functions.convolution`, with its `pool`: as this one
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

    def prune(self, *, keep_inputs: bool) -> None:
        """Leave out all nodes and constants that nothing is made of, and perhaps such inputs."""
        used = _prune(self, set(self.results))
        self.weights = {n: array for n, array in self.weights.items() if n in used}
        self.constants = {n: array for n, array in self.constants.items() if n in used}
        self.inputs = {n: about for n, about in self.inputs.items() if keep_inputs or n in used}


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
