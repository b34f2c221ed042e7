"""Recurrent layers as ONNX's own operators, for the cells that it knows."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.base import Weights
from charrnn.extras.export.onnx_nodes import Nodes
from charrnn.inference.network import Network
from charrnn.settings import CellName


class Operator(NamedTuple):
    """ONNX's operator of a cell: the order in which it wants the cell's blocks, its attributes."""

    name: str
    blocks: tuple[int, ...]
    attributes: dict[str, Any]


OPERATORS: dict[CellName, Operator] = {
    "lstm": Operator("LSTM", (0, 3, 1, 2), {}),  # i o f g
    "gru": Operator("GRU", (1, 0, 2), {"linear_before_reset": 1}),  # u r n
    "elman": Operator("RNN", (0,), {"activations": ["Tanh"]}),
    "relu": Operator("RNN", (0,), {"activations": ["Relu"]}),
    "irnn": Operator("RNN", (0,), {"activations": ["Relu"]}),
}


def is_operator(graph: str | None, cell: CellName) -> bool:
    """Whether a graph of a step or of a sequence is ONNX's own operator for this cell."""
    return graph == "sequence" and cell in OPERATORS


def recurrent_layers(nodes: Nodes, network: Network) -> tuple[str, list[str]]:
    """The nodes of a whole sequence; the names of the logits (T, B, V) and of the last state.

    Its weights are those of the network, but for the table, in whose place the embedding stands.
    """
    if network.embedding is None:
        depth = nodes.constant("vocabulary size", np.array(len(network.head_bias)))
        values = nodes.constant("cold and hot", np.array([0, 1], np.float32))
        x = nodes.add("OneHot", ["ids", depth, values], "inputs")
    else:
        embedding = nodes.weight("embedding", network.embedding)
        x = nodes.add("Gather", [embedding, "ids"], "inputs", axis=0)
    after: list[str] = []
    for number, weights in enumerate(network.layers):
        x, last = _layer(nodes, network, number, weights, x)
        after += last
    head = nodes.weight("head", network.head)
    transposed = nodes.add("Transpose", [head], "head transposed", perm=[1, 0])
    product = nodes.add("MatMul", [x, transposed], "products of the head")
    bias = nodes.weight("head_bias", network.head_bias)
    return nodes.add("Add", [product, bias], "logits of all steps"), after


def _layer(
    nodes: Nodes, network: Network, number: int, weights: Weights, x: str
) -> tuple[str, list[str]]:
    """One layer: the name of its inputs -> those of its outputs (T, B, H) and of its last state."""
    operator = OPERATORS[network.settings.cell]
    first = nodes.constant("the number 0", np.array([0]))
    directions = nodes.constant("the number 1", np.array([1]))

    def directed(name: str, array: NDArray[np.float32]) -> str:
        stored = nodes.weight(name, array)
        return nodes.add("Unsqueeze", [stored, first], f"{name} of one direction")

    matrices = [
        directed(f"layers.{number}.{name}", _reordered(weights[name], operator.blocks))
        for name in ("weight_ih", "weight_hh")
    ]
    biases = [_reordered(weights[name], operator.blocks) for name in ("bias_ih", "bias_hh")]
    bias = directed(f"layers.{number}.bias", np.concatenate(biases))
    states = network.cell.states
    before = [
        nodes.add("Unsqueeze", [f"state.{number}.{name}", first], f"before.{number}.{name}")
        for name in states
    ]
    results = [f"outputs.{number}", *(f"last.{number}.{name}" for name in states)]
    nodes.add(
        operator.name, [x, *matrices, bias, "", *before], *results,
        hidden_size=network.settings.hidden_size, **operator.attributes,
    )  # fmt: skip
    after = [
        nodes.add("Squeeze", [last, first], f"after.{number}.{name}")
        for name, last in zip(states, results[1:], strict=True)
    ]
    return nodes.add("Squeeze", [results[0], directions], f"layer.{number}"), after


def _reordered(array: NDArray[np.float32], blocks: tuple[int, ...]) -> NDArray[np.float32]:
    """A weight (G*H, ...) with its blocks of rows in another order."""
    parts = np.split(array, len(blocks))
    return np.concatenate([parts[block] for block in blocks])
