"""The functions of symbols, by the names of the array standard, and layers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from charrnn.cells.arrays import register
from charrnn.cells.base import Cell, Weights
from charrnn.extras.export.graph import Body, Dtype, Operation, Shape, broadcast
from charrnn.extras.export.symbols import Recorder, Symbol, cast, elementwise


def _reduced(
    operation: Operation, x: Symbol, axis: int, *, keepdims: bool, dtype: Dtype = "float"
) -> Symbol:
    axis %= len(x.shape)
    shape = (*x.shape[:axis], *[1] * keepdims, *x.shape[axis + 1 :])
    return x.graph.add(operation, [x], shape, dtype, axis=axis)


class Functions:
    """The functions of the array standard that networks call."""

    float32, int64, bool = "float", "int", "bool"

    tanh = staticmethod(elementwise("tanh", np.tanh))
    exp = staticmethod(elementwise("exp", np.exp))
    sqrt = staticmethod(elementwise("sqrt", np.sqrt))
    abs = staticmethod(elementwise("abs", np.abs))
    maximum = staticmethod(elementwise("maximum", np.maximum))
    where = staticmethod(elementwise("where", np.where))
    logaddexp = staticmethod(elementwise("logaddexp", np.logaddexp))
    matmul = staticmethod(Symbol.__matmul__)

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
        size, known = np.prod([1, *x.shape], dtype=object), [n for n in shape if n >= 0]
        full = tuple(n if n >= 0 else size // np.prod([1, *known], dtype=object) for n in shape)
        if x.array is not None:
            return x.made(x.array.reshape(full))
        return x if full == x.shape else x.graph.add("reshape", [x], full, x.dtype)

    @staticmethod
    def permute_dims(x: Symbol, axes: Sequence[int]) -> Symbol:
        if x.array is not None:
            return x.made(x.array.transpose(axes))
        shape = tuple(x.shape[axis] for axis in axes)
        return x.graph.add("permute", [x], shape, x.dtype, axes=[*axes])

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
    def zeros(shape: Shape, *, dtype: Dtype = "float", device: Recorder) -> Symbol:
        return device.add("expand", [cast(0, dtype)], tuple(shape), dtype)

    @staticmethod
    def ones(shape: Shape, *, dtype: Dtype = "float", device: Recorder) -> Symbol:
        return device.add("expand", [cast(1, dtype)], tuple(shape), dtype)

    @staticmethod
    def full(shape: Shape, value: int, *, device: Recorder) -> Symbol:
        return device.add("expand", [value], tuple(shape), "int")

    @classmethod
    def zeros_like(cls, x: Symbol) -> Symbol:
        if x.array is not None:
            return x.made(np.zeros_like(x.array))
        return cls.zeros(x.shape, dtype=x.dtype, device=x.graph)

    @classmethod
    def ones_like(cls, x: Symbol) -> Symbol:
        if x.array is not None:
            return x.made(np.ones_like(x.array))
        return cls.ones(x.shape, dtype=x.dtype, device=x.graph)

    @staticmethod
    def arange(size: int, *, device: Recorder) -> Symbol:
        if size >= 1 << 32:  # one that is not known yet
            return device.add("range", [], (size,), "int")
        return device.weight(f"0 to {size}", np.arange(size))

    @staticmethod
    def take_along_axis(x: Symbol, indices: Symbol, axis: int) -> Symbol:
        assert axis == 0, "the only axis that networks take along"
        shape = (indices.shape[0], *broadcast([x.shape[1:], indices.shape[1:]]))
        return x.graph.add("take_along", [x, cast(indices, "int")], shape, x.dtype)


def _convolution(x: Symbol, weight: Symbol, bias: Symbol, pool: tuple[int, int]) -> Symbol:
    (batch, _, *sides), filters = x.shape, weight.shape[0]
    rows, columns = (side // by for side, by in zip(sides, pool, strict=True))
    shape = batch, filters, rows, columns
    return x.graph.add("convolution", [x, weight, bias], shape, pool=[*pool])


def _layer(
    cell: type[Cell], weights: Weights, x: Symbol, state: tuple[Symbol, ...]
) -> tuple[Symbol, tuple[Symbol, ...]]:
    """A layer as a scan over the cell's step: x (T, B, D), state -> outputs (T, B, H), state."""
    graph, (steps, number) = x.graph, (x.shape[0], x.graph.next_number())
    names = [f"v{number}.{name}" for name in ("z", *cell.states)]
    last, body, inputs = [f"{name}.last" for name in names[1:]], None, [x, *state]
    if cell in graph.operators:
        inputs = [x, *weights.values(), *state]
    else:
        weights, body = cell.prepare(weights), Body()
        inputs = [cell.project(weights, x), *state]
        graph.open.append(body)
        shapes = [inputs[0].shape[1:], *(array.shape for array in state)]
        first, *before = map(graph.input, names, shapes)
        after = cell.step(weights, first, tuple(before))
        graph.open.pop()
        body.results = [array.name for array in after]
    operation: Operation = "scan" if body else "layer"
    shape = steps, *state[0].shape
    options: dict[str, Any] = {"last": last} if body else {"last": last, "cell": cell}
    outputs = graph.add(operation, inputs, shape, "float", body, **options)
    return outputs, tuple(Symbol(graph, n, a.shape) for n, a in zip(last, state, strict=True))


Symbol.namespace = Functions
register(Symbol, layer=_layer, convolution=_convolution)
