"""The nodes and weights of an ONNX graph, made of a traced one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from charrnn.extras.export.graph import (
    DYNAMIC,
    LARGEST,
    Body,
    Dtype,
    Graph,
    Node,
    Operation,
    Shape,
    Value,
)
from charrnn.extras.export.rounding import DtypeName, quantized

_OPERATORS: dict[Operation, str] = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "remainder": "Mod",
    "maximum": "Max", "where": "Where", "negative": "Neg", "tanh": "Tanh", "sigmoid": "Sigmoid",
    "softplus": "Softplus", "exp": "Exp", "sqrt": "Sqrt", "abs": "Abs",
    "greater": "Greater", "greater_equal": "GreaterOrEqual", "equal": "Equal", "cast": "Cast",
    "gather": "Gather", "concat": "Concat", "slice": "Slice", "reshape": "Reshape",
    "permute": "Transpose", "expand": "Expand", "sum": "ReduceSum", "max": "ReduceMax",
}  # fmt: skip
_TYPES: dict[Dtype, Any] = {"float": np.float32, "int": np.int64, "bool": np.bool_}


def tensor(name: str, shape: Shape, dtype: Dtype = "float") -> ValueInfoProto:
    """What an input or output of a graph is."""
    sizes = [DYNAMIC.get(size, size if size < LARGEST else None) for size in shape]
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
        """The nodes of a traced graph, under its names: of an operation by its own method.

        Others are one operator with the same inputs and options.
        """
        for node in body.nodes:
            method = getattr(self, f"_{node.operation}", None)
            if method:
                method(node)
            else:
                self._one(node, **node.options)

    def _one(self, node: Node, *more: str, **attributes: Any) -> None:
        """A node that is one operator, which may take more inputs."""
        operator = _OPERATORS[node.operation]
        self.add(operator, [*self._inputs(node), *more], node.output, **attributes)

    def _inputs(self, node: Node) -> list[str]:
        return [self._input(value) for value in node.inputs]

    def _input(self, value: Value) -> str:
        """The name of an input. Numbers, weights and constants are stored; sizes are known."""
        if isinstance(value, str):
            if value in self.weights:
                return self.weight(value, self.weights[value])
            return self.constant(value, self.constants[value]) if value in self.constants else value
        if value in DYNAMIC:
            return DYNAMIC[int(value)]
        kind = np.int64 if isinstance(value, int) else np.float32
        return self.constant(f"the {kind.__name__} {value!r}", np.array(value, kind))

    def _numbers(self, *numbers: int) -> str:
        """Whole numbers as an array of one axis."""
        return self.constant(f"the numbers {numbers}", np.array(numbers, np.int64))

    def _shape(self, shape: Shape) -> str:
        """A shape as an array. The one size that is not known by a name is -1, for `Reshape`."""
        if not any(size >= LARGEST for size in shape):
            return self._numbers(*shape)
        parts = [DYNAMIC[size] if size in DYNAMIC else self._numbers(size if size < LARGEST else -1)
                 for size in shape]  # fmt: skip
        return self.add("Concat", parts, axis=0)

    def _new(self) -> str:
        """A name that nothing has."""
        self._count += 1
        return f"n{self._count}"

    def _remainder(self, node: Node) -> None:
        self._one(node, fmod=int(node.dtype == "float"))

    def _cast(self, node: Node) -> None:
        self._one(node, to=_onnx_type(node.dtype))

    def _reshape(self, node: Node) -> None:
        self._one(node, self._shape(node.shape))

    _expand = _reshape

    def _slice(self, node: Node) -> None:
        axis, start = node.options["axis"], node.options["start"]
        self._one(node, *map(self._numbers, (start, start + node.shape[axis], axis)))

    def _sum(self, node: Node) -> None:
        self._one(node, self._numbers(node.options["axis"]), keepdims=node.options["keepdims"])

    _max = _sum

    def _range(self, node: Node) -> None:
        size = self.add("Squeeze", [self._shape(node.shape)])
        self.add("Range", [self._input(0), size, self._input(1)], node.output)

    def _linear(self, node: Node) -> None:
        x, weight = self._inputs(node)
        if len(node.shape) == len(node.options["turned"]) == 2:
            self.add("Gemm", [x, weight], node.output, transB=1)
        else:
            turned = self.add("Transpose", [weight], perm=node.options["turned"])
            self.add("MatMul", [x, turned], node.output)

    def _convolution(self, node: Node) -> None:
        pool = node.options["pool"]
        y = self.add("Conv", self._inputs(node), pads=[1, 1, 1, 1])
        self.add("MaxPool", [self.add("Relu", [y])], node.output, kernel_shape=pool, strides=pool)

    def _scan(self, node: Node) -> None:
        """The body's nodes as the loop's own; it reads weights and sizes from outside."""
        assert node.body
        x, *state = self._inputs(node)
        outside, self.nodes = self.nodes, []
        self.add_body(node.body)
        after = [self.add("Identity", [self._input(name)]) for name in node.body.results]
        output = self.add("Identity", [after[0]])
        z, *before = (tensor(name, *kind) for name, kind in node.body.inputs.items())
        kinds = [*node.body.inputs.values()][1:]
        results = [*map(tensor, after, *zip(*kinds, strict=True)), tensor(output, *kinds[0])]
        body = helper.make_graph(self.nodes, "step", [*before, z], results)
        self.nodes = outside
        names = [*node.options["last"], node.output]
        self.add("Scan", [*state, x], *names, body=body, num_scan_inputs=1)

    def _layer(self, node: Node) -> None:
        """A layer by ONNX's operator of its cell, whose axis of directions is 1 long."""
        operator, last, first = node.options["operator"], node.options["last"], self._numbers(0)
        x, *others = self._inputs(node)
        w_ih, w_hh, bias, *state = (self.add("Unsqueeze", [name, first]) for name in others)
        raw = [self._new() for _ in range(1 + len(last))]
        self.add(
            operator.name, [x, w_ih, w_hh, bias, "", *state], *raw,
            hidden_size=node.shape[-1], **operator.attributes,
        )  # fmt: skip
        self.add("Squeeze", [raw[0], self._numbers(1)], node.output)
        for name, array in zip(last, raw[1:], strict=True):
            self.add("Squeeze", [array, first], name)
