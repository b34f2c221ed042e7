"""What convolutions make of a picture, by loops over its pixels."""

from itertools import product

import numpy as np

from charrnn.network.picture_encoder import POOLS


def one_convolution(picture, weight, bias, pool):
    """One convolution, rectified, and the largest of each pool: (C, rows, columns) -> (K, ...)."""
    channels, height, width = picture.shape
    filtered = np.zeros((len(weight), height, width))
    for k, row, column in np.ndindex(filtered.shape):
        total = bias[k]
        for channel, i, j in product(range(channels), (-1, 0, 1), (-1, 0, 1)):
            if 0 <= row + i < height and 0 <= column + j < width:
                total += weight[k, channel, i + 1, j + 1] * picture[channel, row + i, column + j]
        filtered[k, row, column] = max(0, total)
    pooled = np.zeros((len(weight), height // pool[0], width // pool[1]))
    for k, row, column in np.ndindex(pooled.shape):
        block = filtered[k, row * pool[0] :, column * pool[1] :]
        pooled[k, row, column] = block[: pool[0], : pool[1]].max()
    return pooled


def grid_by_hand(picture, weights):
    """A picture (1, height, width) -> its grid (F, rows, columns), by the encoder's weights."""
    x = picture - picture.mean()
    for layer, pool in enumerate(POOLS):
        name = f"encoder.convolutions.{layer}"
        x = one_convolution(x, weights[f"{name}.weight"], weights[f"{name}.bias"], pool)
    return x / np.sqrt((x**2).mean()) * weights["encoder.norm"][:, None, None]
