"""The nodes and weights of an ONNX graph: of a traced step, or ONNX's own recurrent layers.

For one text, onnxruntime computes an LSTM or GRU 2x256 by its operator in half the time that the
traced step takes in a `Scan`; for 32 texts in the same time.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from charrnn.cells.base import Weights
from charrnn.extras.export.graph import CONDITIONS, Graph, Node, Operation, Value
from charrnn.extras.export.rounding import DtypeName, quantized
from charrnn.network.language_model import LanguageModel
from charrnn.settings import CellName

_OPERATORS: dict[Operation, str] = {
    "tanh": "Tanh", "negative": "Neg", "add": "Add", "subtract": "Sub", "multiply": "Mul",
    "divide": "Div", "greater": "Greater", "greater_equal": "GreaterOrEqual", "equal": "Equal",
    "where": "Where", "gather": "Gather", "matmul": "Gemm", "concat": "Concat", "remainder": "Mod",
    "exp": "Exp", "sqrt": "Sqrt", "abs": "Abs", "maximum": "Max",
}  # fmt: skip
_ATTRIBUTES: dict[Operation, dict[str, int]] = {
    "gather": {"axis": 0}, "matmul": {"transB": 1}, "concat": {"axis": -1}, "remainder": {"fmod": 1}
}  # fmt: skip


class Nodes:
    """A graph that is being made. Weights are stored once, as `dtype`, and used as float32."""

    def __init__(self, dtype: DtypeName) -> None:
        self.dtype = dtype
        self.nodes: list[NodeProto] = []
        self.weight_nodes: list[NodeProto] = []
        """Those that make float32 of the weights: they come first."""
        self.initializers: list[TensorProto] = []
        self._known: set[str] = set()
        self._conditions: set[str] = set()

    def add(self, operator: str, inputs: list[str], *outputs: str, **attributes: Any) -> str:
        """A node; the name of its first output."""
        self.nodes.append(helper.make_node(operator, inputs, [*outputs], **attributes))
        return outputs[0]

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """An array as it is, under its name."""
        if name not in self._known:
            self._known.add(name)
            self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, name: str, array: NDArray[np.float32]) -> str:
        """A weight, stored as the graph's dtype; vectors stay float32 beside int8 matrices."""
        if name in self._known or self.dtype == "fp32" or (self.dtype, array.ndim) == ("int8", 1):
            return self.constant(name, array)
        self._known.add(name)
        if self.dtype == "fp16":
            half = self.constant(f"{name} as fp16", array.astype(np.float16))
            node = helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT)
        else:
            numbers, scales = quantized(array)
            parts = [
                self.constant(f"{name} as int8", numbers),
                self.constant(f"{name} scale", scales),
            ]
            node = helper.make_node("DequantizeLinear", parts, [name], axis=0)
        self.weight_nodes.append(node)
        return name

    def add_graph(self, graph: Graph) -> None:
        """The nodes and weights of a traced graph, under its names."""
        for name, array in graph.weights.items():
            self.weight(name, array)
        for node in graph.nodes:
            self._add_node(node)

    def _add_node(self, node: Node) -> None:
        operation, output = node.operation, node.output
        if operation in CONDITIONS:
            self._conditions.add(output)
        inputs = [self._input(value, boolean=operation == "where" and number == 0)
                  for number, value in enumerate(node.inputs)]  # fmt: skip
        if operation == "slice":
            bounds = [node.start, node.start + node.size, -1]
            self.add("Slice", [*inputs, *map(self._numbers, bounds)], output)
        elif operation == "logaddexp":
            self._add_logaddexp(inputs, output)
        elif operation == "repeat":  # (B, K) -> (B, groups, 1, group) -> copies -> (B, size)
            groups = self._reshaped(inputs[0], output, 0, -1, 1, node.group)
            times = self._numbers(1, 1, node.times, 1)
            copies = self.add("Tile", [groups, times], self._new(output))
            self.add("Reshape", [copies, self._numbers(0, -1)], output)
        elif operation == "group_sums":
            groups = self._reshaped(inputs[0], output, 0, -1, node.group)
            self.add("ReduceSum", [groups, self._numbers(-1)], output, keepdims=0)
        else:
            attributes = _ATTRIBUTES.get(operation, {})
            self.add(_OPERATORS[operation], inputs, output, **attributes)

    def _input(self, value: Value, *, boolean: bool) -> str:
        """The name of an input. Numbers are stored, and truth values become 0 and 1."""
        if isinstance(value, float):
            return self.constant(f"the float {value!r}", np.array(value, np.float32))
        if value in self._conditions and not boolean:
            return self.add("Cast", [value], self._new(value), to=TensorProto.FLOAT)
        return value

    def _add_logaddexp(self, inputs: list[str], output: str) -> None:
        """log(exp(a) + exp(b)) = max(a, b) + log(1 + exp(-|a - b|)), which cannot overflow."""
        one = self.constant("the float 1.0", np.array(1, np.float32))
        largest = self.add("Max", inputs, self._new(output))
        value = self.add("Sub", inputs, self._new(output))
        for operator in ("Abs", "Neg", "Exp"):
            value = self.add(operator, [value], self._new(output))
        value = self.add("Add", [value, one], self._new(output))
        value = self.add("Log", [value], self._new(output))
        self.add("Add", [largest, value], output)

    def _reshaped(self, name: str, output: str, *shape: int) -> str:
        """The name of an array in another shape, of which 0 is as it was and -1 follows."""
        return self.add("Reshape", [name, self._numbers(*shape)], self._new(output))

    def _numbers(self, *numbers: int) -> str:
        """The name of an array of whole numbers."""
        name = ("the number " if len(numbers) == 1 else "the numbers ") + " ".join(
            map(str, numbers)
        )
        return self.constant(name, np.array(numbers))

    def _new(self, name: str) -> str:
        """A name that nothing has."""
        return f"{name}, {len(self.nodes)}"


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
"""The cells that are operators of ONNX, which a graph of a sequence uses."""


def recurrent_layers(nodes: Nodes, network: LanguageModel) -> tuple[str, list[str]]:
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
    nodes: Nodes, network: LanguageModel, number: int, weights: Weights, x: str
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
