"""Weights in fewer bytes, and a network with the weights that remain of it."""

import copy
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import UsageError
from charrnn.extras.export.traced import keeps_embedding
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import Layer

DtypeName = Literal["fp32", "fp16", "int8"]

Float32 = NDArray[np.float32]


def quantized(array: Float32) -> tuple[NDArray[np.int8], Float32]:
    """An array (K, ...) as whole numbers from -127 to 127 and the scale (K,) of each row."""
    rows = array.reshape(len(array), -1)
    scales = (np.abs(rows).max(axis=1) / 127).astype(np.float32)
    scales = np.where(scales > 0, scales, np.float32(1))  # 0 also of numbers that are too small
    return np.round(rows / scales[:, None]).astype(np.int8).reshape(array.shape), scales


def rounded(array: Float32, dtype: DtypeName) -> Float32:
    """What is left of a weight that is stored so. As int8 a vector keeps all its bits.

    UsageError if it does not fit fp16.
    """
    if dtype == "fp16":
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        if not np.isfinite(half).all():
            raise UsageError("a weight is too large for fp16", "Take --dtype fp32.")
        return half.astype(np.float32)
    if dtype == "int8" and array.ndim > 1:
        numbers, scales = quantized(array)
        return numbers * scales.reshape(-1, *[1] * (array.ndim - 1))
    return array


def rounded_weights(weights: Mapping[str, Float32], dtype: DtypeName) -> dict[str, Float32]:
    """What is left of weights, by their names. UsageError as `rounded`."""
    return {name: rounded(array, dtype) for name, array in weights.items()}


def rounded_network(
    network: LanguageModel, dtype: DtypeName, *, as_table: bool = True
) -> LanguageModel:
    """The network of the weights that are left. UsageError as `rounded`.

    `as_table`: the first layer's input projection is stored as a table, where a graph does so; else
    as the embedding and the weights that it is made of.
    """

    def left(array: Any) -> Any:
        return None if array is None else rounded(np.asarray(array, np.float32), dtype)

    twin = copy.copy(network)
    twin.layers = [
        Layer.of_prepared(
            layer.cell, {n: left(w) for n, w in layer.prepared.items()}, left(layer.norm)
        )
        for layer in network.layers
    ]
    twin.weights = {name: left(array) for name, array in network.weights.items()}
    twin.head, twin.embedding = left(network.head), left(network.embedding)
    stored = as_table and not keeps_embedding(network)
    twin.table = left(network.table) if stored else twin.read(twin.inputs())
    return twin
