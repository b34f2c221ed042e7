"""Recurrent layers as ONNX's own operators, for the cells that it knows.

For one text, onnxruntime computes an LSTM or GRU 2x256 by its operator in half the time that the
traced step takes in a `Scan`; for 32 texts in the same time.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.base import Weights
from charrnn.network.language_model import LanguageModel
from charrnn.settings import CellName

if TYPE_CHECKING:
    from charrnn.extras.export.onnx_nodes import Nodes  # which loads onnx


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


def recurrent_layers(nodes: "Nodes", network: LanguageModel) -> tuple[str, list[str]]:
    """The nodes of a whole sequence; the names of the logits (T, B, V) and of the last state.

    Its weights are those of the network, but for the table, in whose place the embedding stands.
    """
    if network.embedding is None:
        depth = nodes.constant("vocabulary size", np.array(len(network.weights["head.bias"])))
        values = nodes.constant("cold and hot", np.array([0, 1], np.float32))
        x = nodes.add("OneHot", ["ids", depth, values], "inputs")
    else:
        embedding = nodes.weight("embedding", network.embedding)
        x = nodes.add("Gather", [embedding, "ids"], "inputs", axis=0)
    last_state: list[str] = []
    for number, layer in enumerate(network.layers):
        x, last = _layer(nodes, network, number, layer.prepared, x)
        last_state += last
    head = nodes.weight("head", network.head)
    transposed = nodes.add("Transpose", [head], "head transposed", perm=[1, 0])
    product = nodes.add("MatMul", [x, transposed], "products of the head")
    bias = nodes.weight("head_bias", network.weights["head.bias"])
    return nodes.add("Add", [product, bias], "logits of all steps"), last_state


def _layer(
    nodes: "Nodes", network: LanguageModel, number: int, weights: Weights, x: str
) -> tuple[str, list[str]]:
    """One layer: the name of its inputs -> those of its outputs (T, B, H) and of its last state."""
    operator, states = OPERATORS[network.settings.cell], network.cell.states
    first = nodes.constant("the number 0", np.array([0]))
    directions = nodes.constant("the number 1", np.array([1]))
    arrays = {name: _reordered(array, operator.blocks) for name, array in weights.items()}
    arrays["bias"] = np.concatenate([arrays["bias_ih"], arrays["bias_hh"]])
    parameters = [
        nodes.add("Unsqueeze", [nodes.weight(name, array), first], f"{name} of one direction")
        for name, array in (
            (f"layers.{number}.{kind}", arrays[kind]) for kind in ("weight_ih", "weight_hh", "bias")
        )
    ]
    before = [
        nodes.add("Unsqueeze", [f"state.{number}.{name}", first], f"before.{number}.{name}")
        for name in states
    ]
    outputs, last = f"outputs.{number}", [f"last.{number}.{name}" for name in states]
    nodes.add(
        operator.name, [x, *parameters, "", *before], outputs, *last,
        hidden_size=network.settings.hidden_size, **operator.attributes,
    )  # fmt: skip
    after = [
        nodes.add("Squeeze", [array, first], f"after.{number}.{name}")
        for name, array in zip(states, last, strict=True)
    ]
    return nodes.add("Squeeze", [outputs, directions], f"layer.{number}"), after


def _reordered(array: NDArray[np.float32], blocks: tuple[int, ...]) -> NDArray[np.float32]:
    """A weight (G*H, ...) with its blocks of rows in another order."""
    parts = np.split(array, len(blocks))
    return np.concatenate([parts[block] for block in blocks])
