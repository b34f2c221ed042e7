"""Graphs and their weights, as network.js reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.extras.export.graph import DYNAMIC, Body, Graph, Shape
from charrnn.extras.export.rounding import DtypeName, quantized

_STORED = {"fp32": "<f4", "fp16": "<f2"}


def page_graphs(graphs: Mapping[str, Graph]) -> dict[str, Any]:
    """Graphs as network.js runs them, by their names."""
    return {name: _graph(graph) for name, graph in graphs.items()}


def _graph(graph: Graph) -> dict[str, Any]:
    outputs = dict(zip(graph.outputs, graph.results, strict=True))
    before = {name.replace("state.", "next."): name for name in graph.inputs}
    carried = [(before[name], inner) for name, inner in outputs.items() if name in before]
    return {**_body(graph, carried), "outputs": outputs}


def _body(body: Body, carried: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """`carried`: the input that is an array of the state, and what it becomes in a step."""
    nodes = [
        [n.operation, n.inputs, n.output, _sizes(n.shape), n.options, n.body and _scanned(n.body)]
        for n in body.nodes
    ]
    inputs = {name: _sizes(shape) for name, (shape, _) in body.inputs.items()}
    return {"inputs": inputs, "nodes": nodes, "outputs": {}, "carried": carried}


def _scanned(body: Body) -> dict[str, Any]:
    """Of a scan the first input is what is scanned, the others are the state."""
    return _body(body, [*zip([*body.inputs][1:], body.results, strict=True)])


def _sizes(shape: Shape) -> list[Any]:
    """Numbers, or how many times a size that has a name: 2 times the length."""
    sizes: list[Any] = [*shape]
    for axis, size in enumerate(shape):
        for unit, name in DYNAMIC.items():
            if size >= unit and size % unit == 0:
                sizes[axis] = size // unit, name
    return sizes


def page_weights(
    graphs: Mapping[str, Graph], dtype: DtypeName
) -> tuple[list[dict[str, Any]], bytes]:
    """Name, shape and kind of each weight, and the bytes of all, one after the other."""
    listed, packed = [], []
    for graph_name, graph in graphs.items():
        for name, array in {**graph.weights, **graph.constants}.items():
            whole = name in graph.constants or (dtype == "int8" and array.ndim < 2)
            kind = "fp32" if whole else dtype
            about = {"graph": graph_name, "name": name, "shape": list(array.shape), "kind": kind}
            listed.append(about)
            packed.append(_bytes(array, kind))
    return listed, b"".join(packed)


def _bytes(array: NDArray[np.float32], kind: str) -> bytes:
    """Little-endian numbers; of int8 the scale (float32) of each row, then the rows."""
    if kind == "int8":
        numbers, scales = quantized(array)
        return scales.astype("<f4").tobytes() + numbers.tobytes()
    return array.astype(_STORED[kind]).tobytes()
