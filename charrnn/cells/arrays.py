"""Functions on arrays of any library that follows the array API standard.

Each function below is written with the standard's functions, and a library may register a faster
one under the same name: `engine.kernels` registers torch's. Nothing else asks for a library.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_numpy_array

Array = Any  # an array of NumPy, torch, or any other library
Function = Callable[..., Any] | None


class Library:
    """The standard's functions of an array's library; its faster ones, None where it has none."""

    linear: Function = None
    rows: Function = None
    sigmoid: Function = None
    softplus: Function = None
    softmax: Function = None
    log_sum_exp: Function = None
    cross_entropy: Function = None
    mean_cross_entropy: Function = None
    binary_cross_entropy: Function = None
    layer: Function = None
    scan: Function = None
    rms_norm: Function = None
    convolution: Function = None
    ctc_loss: Function = None

    def __init__(self, functions: Any) -> None:
        self.functions = functions


_LIBRARIES: dict[type, Library] = {}
_FASTER: dict[type, dict[str, Callable[..., Any]]] = {}


def register(kind: type, **functions: Callable[..., Any]) -> None:
    """Compute on arrays of that type with functions, by their names in `Library`."""
    _FASTER[kind] = functions
    _LIBRARIES.clear()


def library(x: Array) -> Library:
    """The library of an array, found once per type: the search takes longer than a small tanh.

    NumPy has the standard names itself, and array_api_compat's wrapper of it is slow to import.
    """
    cached = _LIBRARIES.get(type(x))
    if cached is None:
        cached = Library(array_namespace(x, use_compat=False if is_numpy_array(x) else None))
        for kind in type(x).__mro__:
            for name, function in _FASTER.get(kind, {}).items():
                setattr(cached, name, function)
        _LIBRARIES[type(x)] = cached
    return cached


def namespace(x: Array) -> Any:
    """The functions of the array's own library, by their standard names."""
    return library(x).functions


def full_precision(x: Array) -> Array:
    """The same in float32: sums of many numbers of bfloat16 would be too rough."""
    xp = namespace(x)
    return xp.astype(x, xp.float32, copy=False)


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """x (..., D), weight (K, D), bias (K,) -> x weight' + bias (..., K)."""
    faster = library(x).linear
    if faster:
        return faster(x, weight, bias)
    return x @ weight.T if bias is None else x @ weight.T + bias


def rows(table: Array, ids: Any) -> Array:
    """table (V, K), ids (...) -> its rows (..., K)."""
    faster = library(table).rows
    return faster(table, ids) if faster and not isinstance(ids, int) else table[ids]


def split(z: Array, count: int) -> list[Array]:
    """Cut (..., count*H) into `count` views (..., H), one a block."""
    size = z.shape[-1] // count
    return [z[..., i * size : (i + 1) * size] for i in range(count)]


def tanh(x: Array) -> Array:
    """The hyperbolic tangent."""
    return library(x).functions.tanh(x)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)): the library's own, or through tanh, which cannot overflow."""
    faster = library(x).sigmoid
    return faster(x) if faster else 0.5 * tanh(0.5 * x) + 0.5


def rectified(x: Array) -> Array:
    """max(0, x)."""
    return namespace(x).where(x > 0, x, 0)


def softmax(x: Array) -> Array:
    """Probabilities (..., S) from scores (..., S), of which at least one is finite."""
    faster = library(x).softmax
    if faster:
        return faster(x)
    xp = namespace(x)
    weights = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return weights / xp.sum(weights, axis=-1, keepdims=True)


def log_sum_exp(x: Array, axis: int) -> Array:
    """The logarithm of the sum of exponentials along an axis."""
    faster = library(x).log_sum_exp
    if faster:
        return faster(x, axis)
    xp = namespace(x)
    largest = xp.max(x, axis=axis, keepdims=True)
    total = xp.sum(xp.exp(x - largest), axis=axis)
    return xp.log(total) + xp.squeeze(largest, axis=axis)


def cross_entropy(logits: Array, targets: Array) -> Array:
    """Logits (..., V) and the target ids (...) -> the loss of each in nats (...)."""
    faster = library(logits).cross_entropy
    if faster:
        return faster(logits, targets)
    xp = namespace(logits)
    logits = logits - xp.max(logits, axis=-1, keepdims=True)
    indices = xp.astype(targets, xp.int64)[..., None]
    chosen = xp.take_along_axis(logits, indices, axis=-1)[..., 0]
    return xp.log(xp.sum(xp.exp(logits), axis=-1)) - chosen


def mean_cross_entropy(logits: Array, targets: Array) -> Array:
    """Logits (..., V) and the target ids (...) -> the mean loss in nats."""
    faster = library(logits).mean_cross_entropy
    return faster(logits, targets) if faster else cross_entropy(logits, targets).mean()


def binary_cross_entropy(logits: Array, targets: Array) -> Array:
    """Logits (...) and targets (...), 0 or 1 -> the loss of each in nats (...)."""
    faster = library(logits).binary_cross_entropy
    if faster:
        return faster(logits, targets)
    xp = namespace(logits)
    wrong = xp.where(targets > 0, -logits, logits)
    return xp.logaddexp(wrong, xp.zeros_like(wrong))


def numpy_linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """As `linear`, of few rows up to twice as fast. OpenBLAS rounds by how x lies in memory."""
    product = x @ weight.T if x.ndim == 1 else (weight @ np.ascontiguousarray(x).mT).mT
    return product if bias is None else product + bias


register(np.ndarray, linear=numpy_linear)
