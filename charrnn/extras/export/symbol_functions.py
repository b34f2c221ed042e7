"""The functions of symbols, by the names of the array standard, and layers."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from charrnn.cells.arrays import register
from charrnn.cells.base import Cell, Weights
from charrnn.cells.functions import convolution_of_windows
from charrnn.extras.export.graph import LARGEST, Dtype, Operation, Shape, broadcast
from charrnn.extras.export.onnx_operators import Operator
from charrnn.extras.export.symbols import Recorder, Symbol, cast, elementwise


def _reduced(
    operation: Operation, x: Symbol, axis: int, *, keepdims: bool, dtype: Dtype = "float"
) -> Symbol:
    axis %= len(x.shape)
    shape = (*x.shape[:axis], *[1] * keepdims, *x.shape[axis + 1 :])
    return x.graph.add(operation, [x], shape, dtype, axis=axis, keepdims=int(keepdims))


class Functions:
    """The functions of the array standard that networks call."""

    float32, int64, bool = "float", "int", "bool"

    tanh = staticmethod(elementwise("tanh", np.tanh))
    exp = staticmethod(elementwise("exp", np.exp))
    sqrt = staticmethod(elementwise("sqrt", np.sqrt))
    abs = staticmethod(elementwise("abs", np.abs))
    maximum = staticmethod(elementwise("maximum", np.maximum))
    where = staticmethod(elementwise("where", np.where))

    @staticmethod
    def astype(x: Symbol, dtype: Dtype, *, copy: Any = None) -> Symbol:  # noqa: ARG004
        return x if x.array is not None else cast(x, dtype)

    @staticmethod
    def sum(x: Symbol, axis: int, *, keepdims: Any = False) -> Symbol:
        dtype: Dtype = "float" if x.dtype == "float" else "int"
        return _reduced("sum", cast(x, dtype), axis, keepdims=keepdims, dtype=dtype)

    @staticmethod
    def max(x: Symbol, axis: int, *, keepdims: Any = False) -> Symbol:
        return _reduced("max", x, axis, keepdims=keepdims, dtype=x.dtype)

    @staticmethod
    def reshape(x: Symbol, shape: Sequence[int]) -> Symbol:
        known = math.prod(size for size in shape if size >= 0)
        full = tuple(size if size >= 0 else math.prod(x.shape) // known for size in shape)
        if x.array is not None:
            return x.made(x.array.reshape(full))
        return x if full == x.shape else x.graph.add("reshape", [x], full, x.dtype)

    @staticmethod
    def permute_dims(x: Symbol, axes: Sequence[int]) -> Symbol:
        if x.array is not None:
            return x.made(x.array.transpose(axes))
        shape = tuple(x.shape[axis] for axis in axes)
        return x.graph.add("permute", [x], shape, x.dtype, perm=[*axes])

    @classmethod
    def matmul(cls, a: Symbol, b: Symbol) -> Symbol:
        return _linear(a, cls.permute_dims(b, _turned(b)))

    @staticmethod
    def concat(arrays: Sequence[Symbol], axis: int = 0) -> Symbol:
        axis %= len(arrays[0].shape)
        parts = [array for array in arrays if array.shape[axis]]
        if len(parts) == 1:
            return parts[0]
        if all(part.array is not None for part in parts):
            return parts[0].made(np.concatenate([part.array for part in parts], axis))
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        return parts[0].graph.add("concat", parts, tuple(shape), parts[0].dtype, axis=axis)

    @classmethod
    def stack(cls, arrays: Sequence[Symbol], axis: int = 0) -> Symbol:
        whole = (slice(None),) * (axis % (len(arrays[0].shape) + 1))
        return cls.concat([array[(*whole, None)] for array in arrays], axis=len(whole))

    @staticmethod
    def broadcast_to(x: Symbol, shape: Shape) -> Symbol:
        return x.graph.add("expand", [x], tuple(shape), x.dtype)

    @staticmethod
    def full(shape: Shape, value: float, *, dtype: Dtype = "int", device: Recorder) -> Symbol:
        filled: Symbol = cast(device.add("expand", [float(value)], tuple(shape)), dtype)
        return filled

    @classmethod
    def zeros(cls, shape: Shape, *, dtype: Dtype = "float", device: Recorder) -> Symbol:
        return cls.full(shape, 0, dtype=dtype, device=device)

    @classmethod
    def ones(cls, shape: Shape, *, dtype: Dtype = "float", device: Recorder) -> Symbol:
        return cls.full(shape, 1, dtype=dtype, device=device)

    @classmethod
    def zeros_like(cls, x: Symbol) -> Symbol:
        if x.array is not None:
            return x.made(np.zeros_like(x.array))
        return cls.zeros(x.shape, dtype=x.dtype, device=x.graph)

    @classmethod
    def ones_like(cls, x: Symbol) -> Symbol:
        return cls.ones(x.shape, dtype=x.dtype, device=x.graph)

    @staticmethod
    def arange(size: int, *, device: Recorder) -> Symbol:
        if size >= LARGEST:  # it is not known yet
            return device.add("range", [], (size,), "int")
        return device.weight(f"0 to {size}", np.arange(size))


def _turned(matrices: Symbol) -> list[int]:
    """The axes of matrices (..., N, K) in the order (..., K, N)."""
    *batch, rows, columns = range(len(matrices.shape))
    return [*batch, columns, rows]


def _linear(x: Symbol, weight: Symbol, bias: Symbol | None = None) -> Symbol:
    shape = *broadcast([x.shape[:-2], weight.shape[:-2]]), *x.shape[-2:-1], weight.shape[-2]
    product = x.graph.add("linear", [x, weight], shape, turned=_turned(weight))
    return product if bias is None else product + bias


def _convolution(x: Symbol, weight: Symbol, bias: Symbol, pool: tuple[int, int]) -> Symbol:
    if not x.graph.operators:
        windows: Symbol = convolution_of_windows(x, weight, bias, pool)
        return windows
    rows, columns = (side // by for side, by in zip(x.shape[2:], pool, strict=True))
    shape = x.shape[0], len(weight), rows, columns
    return x.graph.add("convolution", [x, weight, bias], shape, pool=[*pool])


def _layer(
    cell: type[Cell], weights: Weights, x: Symbol, state: tuple[Symbol, ...]
) -> tuple[Symbol, tuple[Symbol, ...]]:
    """x (T, B, D), state -> outputs (T, B, H), state: by an operator of ONNX, or step by step."""
    graph, shape = x.graph, (len(x), *state[0].shape)
    operator = graph.operators.get(cell)
    last = [f"v{graph.next_number()}.{name}" for name in cell.states]
    if operator:
        inputs = [x, *_in_order(weights, operator), *state]
        outputs = graph.add("layer", inputs, shape, last=last, operator=operator)
    else:
        prepared = cell.prepare(weights)
        z = cell.project(prepared, x)
        shapes = [z.shape[1:], *(array.shape for array in state)]
        body = graph.body(lambda now, *before: cell.step(prepared, now, before), shapes)
        outputs = graph.add("scan", [z, *state], shape, body=body, last=last)
    return outputs, tuple(Symbol(graph, n, a.shape) for n, a in zip(last, state, strict=True))


def _in_order(weights: Weights, operator: Operator) -> list[Symbol]:
    """W_ih, W_hh and both biases as one, with their blocks of rows in the operator's order."""
    ordered = []
    for weight in weights.values():
        size = len(weight) // len(operator.blocks)
        parts = [weight[block * size : (block + 1) * size] for block in operator.blocks]
        ordered.append(Functions.concat(parts))
    return [*ordered[:2], Functions.concat(ordered[2:])]


def _softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


def _sigmoid(x: Any) -> Any:
    return 0.5 * np.tanh(0.5 * x) + 0.5


Symbol.namespace = Functions
register(
    Symbol, linear=_linear, layer=_layer, convolution=_convolution,
    sigmoid=elementwise("sigmoid", _sigmoid), softplus=elementwise("softplus", _softplus),
)  # fmt: skip
