"""The nodes and weights of an ONNX graph, made of a traced one."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from charrnn.extras.export.graph import DYNAMIC, Body, Dtype, Graph, Node, Operation, Shape, Value
from charrnn.extras.export.onnx_operators import OPERATORS, reordered
from charrnn.extras.export.rounding import DtypeName, quantized

_OPERATORS: dict[Operation, str] = {
    "tanh": "Tanh", "exp": "Exp", "sqrt": "Sqrt", "abs": "Abs", "negative": "Neg",
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max",
    "greater": "Greater", "greater_equal": "GreaterOrEqual", "equal": "Equal", "where": "Where",
    "gather": "Gather", "product": "MatMul", "concat": "Concat", "remainder": "Mod",
    "permute": "Transpose", "cast": "Cast", "sum": "ReduceSum", "max": "ReduceMax",
}  # fmt: skip
_TYPES: dict[Dtype, Any] = {"float": np.float32, "int": np.int64, "bool": np.bool_}


def tensor(name: str, shape: Shape, dtype: Dtype = "float") -> ValueInfoProto:
    """What an input or output of a graph is."""
    sizes = [DYNAMIC.get(size, size if size < 1 << 40 else None) for size in shape]
    return helper.make_tensor_value_info(name, _onnx_type(dtype), sizes)


def _onnx_type(dtype: Dtype) -> int:
    return helper.np_dtype_to_tensor_dtype(np.dtype(_TYPES[dtype]))


class Nodes:
    """A graph that is being made. Weights are stored once, as `dtype`, and used as float32."""

    def __init__(self, graph: Graph, dtype: DtypeName) -> None:
        self.dtype, self.weights, self.constants = dtype, graph.weights, graph.constants
        self.nodes: list[NodeProto] = []
        self.first: list[NodeProto] = []
        """Those that make float32 of the weights, and find sizes: they come first."""
        self.initializers: list[TensorProto] = []
        self._known: set[str] = set()
        self._count = 0
        self._kinds = dict(graph.inputs)
        for name, (shape, _) in graph.inputs.items():
            for axis, size in enumerate(shape):
                if size in DYNAMIC and DYNAMIC[size] not in self._known:
                    self._known.add(DYNAMIC[size])
                    self.first.append(helper.make_node(
                        "Shape", [name], [DYNAMIC[size]], start=axis, end=axis + 1))  # fmt: skip
        self.add_body(graph)
        for name, inner in zip(graph.outputs, graph.results, strict=True):
            self.add("Identity", [self._input(inner)], name)

    def add(self, operator: str, inputs: list[str], *outputs: str, **attributes: Any) -> str:
        """A node; the name of its first output, which is new where none is given."""
        names = outputs or (self._new(),)
        self.nodes.append(helper.make_node(operator, inputs, [*names], **attributes))
        return names[0]

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
        self.first.append(node)
        return name

    def add_body(self, body: Body) -> None:
        """The nodes of a traced graph, under its names."""
        for node in body.nodes:
            self._kinds[node.output] = node.shape, node.dtype
            special = _SPECIAL.get(node.operation)
            if special:
                special(self, node)
            else:
                self.add(_OPERATORS[node.operation], self._inputs(node), node.output,
                         **self._attributes(node))  # fmt: skip

    def _attributes(self, node: Node) -> dict[str, Any]:
        fixed: dict[Operation, dict[str, Any]] = {
            "gather": {"axis": 0}, "remainder": {"fmod": int(node.dtype == "float")},
            "cast": {"to": _onnx_type(node.dtype)}, "permute": {"perm": node.options.get("axes")},
            "concat": {"axis": node.options.get("axis")},
        }  # fmt: skip
        return fixed.get(node.operation, {})

    def _inputs(self, node: Node) -> list[str]:
        return [self._input(value) for value in node.inputs]

    def _input(self, value: Value) -> str:
        """The name of an input. Numbers, weights and constants are stored."""
        if isinstance(value, str):
            if value in self.weights:
                return self.weight(value, self.weights[value])
            return self.constant(value, self.constants[value]) if value in self.constants else value
        kind = np.int64 if isinstance(value, int) else np.float32
        return self.constant(f"the {kind.__name__} {value!r}", np.array(value, kind))

    def _rank(self, value: Value) -> int:
        return len(self._kinds[str(value)][0])

    def _numbers(self, *numbers: int) -> str:
        """Whole numbers as an array of one axis."""
        return self.constant(f"the numbers {numbers}", np.array(numbers, np.int64))

    def _shape(self, shape: Shape) -> str:
        """A shape as an array. The one size that is not known by a name is -1, for `Reshape`."""
        if not any(size >= 1 << 40 for size in shape):
            return self._numbers(*shape)
        parts = [DYNAMIC[size] if size in DYNAMIC else self._numbers(size if size < 1 << 40 else -1)
                 for size in shape]  # fmt: skip
        return self.add("Concat", parts, axis=0)

    def _new(self) -> str:
        """A name that nothing has."""
        self._count += 1
        return f"n{self._count}"

    def add_linear(self, node: Node) -> None:
        x, weight = self._inputs(node)
        if self._rank(node.inputs[0]) == 2:
            self.add("Gemm", [x, weight], node.output, transB=1)
        else:
            turned = self.add("Transpose", [weight], perm=[1, 0])
            self.add("MatMul", [x, turned], node.output)

    def add_slice(self, node: Node) -> None:
        axis, start = node.options["axis"], node.options["start"]
        bounds = [self._numbers(n) for n in (start, start + node.shape[axis], axis)]
        self.add("Slice", [*self._inputs(node), *bounds], node.output)

    def add_sum(self, node: Node) -> None:
        axis, (x,) = node.options["axis"], self._inputs(node)
        keepdims = int(len(node.shape) == self._rank(node.inputs[0]))
        if node.operation == "sum":
            self.add("ReduceSum", [x, self._numbers(axis)], node.output, keepdims=keepdims)
        else:
            self.add("ReduceMax", [x], node.output, axes=[axis], keepdims=keepdims)

    def add_shaped(self, node: Node) -> None:
        operator = {"expand": "Expand", "reshape": "Reshape"}[node.operation]
        (x,) = self._inputs(node)
        if node.dtype == "bool" and not isinstance(node.inputs[0], str):
            x = self.add("Cast", [x], to=TensorProto.BOOL)
        self.add(operator, [x, self._shape(node.shape)], node.output)

    def add_range(self, node: Node) -> None:
        size = self.add("Squeeze", [self._shape(node.shape)])
        self.add("Range", [self._input(0), size, self._input(1)], node.output)

    def add_take_along(self, node: Node) -> None:
        x, indices = self._inputs(node)
        all_features = self.add("Expand", [indices, self._shape(node.shape)])
        self.add("GatherElements", [x, all_features], node.output, axis=0)

    def add_convolution(self, node: Node) -> None:
        pool = node.options["pool"]
        y = self.add("Conv", self._inputs(node), pads=[1, 1, 1, 1])
        y = self.add("Relu", [y])
        self.add("MaxPool", [y], node.output, kernel_shape=pool, strides=pool)

    def add_logaddexp(self, node: Node) -> None:
        """log(exp(a) + exp(b)) = max(a, b) + log(1 + exp(-|a - b|)), which cannot overflow."""
        inputs = self._inputs(node)
        largest = self.add("Max", inputs)
        value = self.add("Sub", inputs)
        for operator in ("Abs", "Neg", "Exp"):
            value = self.add(operator, [value])
        value = self.add("Log", [self.add("Add", [value, self._input(1.0)])])
        self.add("Add", [largest, value], node.output)

    def add_scan(self, node: Node) -> None:
        """The body's nodes as the loop's own; it reads weights and sizes from outside."""
        assert node.body
        x, *state = self._inputs(node)
        (z, z_kind), *before = node.body.inputs.items()
        self._kinds |= node.body.inputs
        outside, self.nodes = self.nodes, []
        self.add_body(node.body)
        after = [self.add("Identity", [self._input(name)]) for name in node.body.results]
        output = self.add("Identity", [after[0]])
        kinds = [kind for _, kind in before]
        body = helper.make_graph(
            self.nodes,
            "step",
            [*(tensor(name, *kind) for name, kind in before), tensor(z, *z_kind)],
            [*map(tensor, after, *zip(*kinds, strict=True)), tensor(output, *kinds[0])],
        )
        self.nodes = outside
        names = [*node.options["last"], node.output]
        self.add("Scan", [*state, x], *names, body=body, num_scan_inputs=1)

    def add_layer(self, node: Node) -> None:
        """A layer by ONNX's operator of its cell, whose axis of directions is 1 long."""
        cell, last = node.options["cell"], node.options["last"]
        operator = OPERATORS[cell]
        x, *values = node.inputs
        weights, state = values[: -len(last)], [self._input(name) for name in values[-len(last) :]]
        w_ih, w_hh, b_ih, b_hh = (
            reordered(self.weights[str(name)], operator.blocks) for name in weights
        )
        first = self._numbers(0)
        parameters = [
            self.add("Unsqueeze", [self.weight(str(name), array), first])
            for name, array in zip(
                weights[:3], (w_ih, w_hh, np.concatenate([b_ih, b_hh])), strict=True
            )
        ]
        before = [self.add("Unsqueeze", [name, first]) for name in state]
        raw = [self._new() for _ in range(1 + len(last))]
        self.add(
            operator.name, [self._input(x), *parameters, "", *before], *raw,
            hidden_size=node.shape[-1], **operator.attributes,
        )  # fmt: skip
        self.add("Squeeze", [raw[0], self._numbers(1)], node.output)
        for name, array in zip(last, raw[1:], strict=True):
            self.add("Squeeze", [array, first], name)


_SPECIAL: dict[Operation, Callable[[Nodes, Node], None]] = {
    "linear": Nodes.add_linear, "slice": Nodes.add_slice, "logaddexp": Nodes.add_logaddexp,
    "sum": Nodes.add_sum, "max": Nodes.add_sum, "expand": Nodes.add_shaped,
    "reshape": Nodes.add_shaped, "range": Nodes.add_range, "scan": Nodes.add_scan,
    "take_along": Nodes.add_take_along, "convolution": Nodes.add_convolution,
    "layer": Nodes.add_layer,
}  # fmt: skip
"""The operations that are several nodes, or whose inputs are others."""
