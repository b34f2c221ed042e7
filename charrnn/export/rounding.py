"""Weights in fewer bytes, and a network with the weights that remain of it."""

import copy
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import UsageError
from charrnn.export.graph import keeps_embedding
from charrnn.inference.network import Network

DtypeName = Literal["fp32", "fp16", "int8"]

Float32 = NDArray[np.float32]


def quantized(array: Float32) -> tuple[NDArray[np.int8], Float32]:
    """A matrix (K, D) as whole numbers from -127 to 127 and the scale (K,) of each row."""
    largest = np.abs(array).max(axis=1)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.round(array / scales[:, None]).astype(np.int8), scales


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
    if dtype == "int8" and array.ndim == 2:
        numbers, scales = quantized(array)
        return numbers * scales[:, None]
    return array


def rounded_network(network: Network, dtype: DtypeName) -> Network:
    """The network of the weights that are left. UsageError as `rounded`."""
    found = copy.copy(network)
    found.layers = [
        {name: rounded(np.asarray(array, np.float32), dtype) for name, array in layer.items()}
        for layer in network.layers
    ]
    found.head, found.head_bias = rounded(network.head, dtype), rounded(network.head_bias, dtype)
    if network.embedding is not None:
        found.embedding = rounded(network.embedding, dtype)
    if dtype != "fp32" and keeps_embedding(network):  # the table is not stored, so it follows
        found.table = network.cell.project(found.layers[0], found.embedding)
    else:
        found.table = rounded(network.table, dtype)
    return found
