"""The encoder of `network.picture_encoder` in NumPy."""

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from charrnn.inference.text_encoder import Float32
from charrnn.settings import ModelSettings
from charrnn.storage.layout import POOLS


def encode_pictures(
    settings: ModelSettings, weights: Mapping[str, Float32], inputs: Float32
) -> tuple[Float32, Float32]:
    """Pictures (B, 1, height, width) or features (B, cells, D) -> outputs, summary.

    They are (S, B, F) and (B, F).
    """
    own = {name.removeprefix("encoder."): weight for name, weight in weights.items()}
    if inputs.ndim == 3:
        cells = np.maximum(inputs @ own["features.weight"].T + own["features.bias"], 0)
        found = cells.transpose(1, 0, 2)
    else:
        x = inputs.transpose(0, 2, 3, 1)
        for number, pool in enumerate(POOLS):
            names = (f"convolutions.{number}.{name}" for name in ("weight", "bias"))
            x = _pooled(np.maximum(_convolved(x, *(own[name] for name in names)), 0), pool)
        found = x.reshape(len(x), -1, x.shape[-1]).transpose(1, 0, 2)
    outputs = found + own["positions"][:, None]
    if settings.attention != "none":
        return outputs, outputs.mean(0)
    cells = outputs.transpose(1, 0, 2).reshape(outputs.shape[1], -1)
    cells = cells * np.float32(len(outputs) ** -0.5)
    return outputs, np.tanh(cells @ own["summary.weight"].T)


def _convolved(x: Float32, weight: Float32, bias: Float32) -> Float32:
    """x (B, rows, columns, C), weight (K, C, 3, 3) -> (B, rows, columns, K): one product."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    around = sliding_window_view(padded, (3, 3), (1, 2))  # (B, rows, columns, C, 3, 3)
    found: Float32 = around.reshape(*x.shape[:3], -1) @ weight.reshape(len(weight), -1).T + bias
    return found


def _pooled(x: Float32, pool: tuple[int, int]) -> Float32:
    """The maxima (B, rows / p, columns / q, C) of x (B, rows, columns, C)."""
    batch, rows, columns, channels = x.shape
    cut = x.reshape(batch, rows // pool[0], pool[0], columns // pool[1], pool[1], channels)
    found: Float32 = cut.max((2, 4))
    return found
