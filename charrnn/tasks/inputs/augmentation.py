"""Pictures that are changed at random while a network learns from them, so that it knows more.

Each is moved, turned, scaled and sheared a little, its strokes become thicker or thinner, and its
contrast another (LeCun et al. 1998, https://doi.org/10.1109/5.726791; Simard et al. 2003,
https://doi.org/10.1109/ICDAR.2003.1227801).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]

_SLANT, _SCALE, _SHIFT = 0.25, 0.15, 0.04
"""Of x by y; of each side; of the sides, by which a picture moves."""
_STROKE, _NOISE = 0.6, 0.08


def augmented(pictures: Pictures, draw: Sequence[np.random.Generator]) -> Pictures:
    """Pictures (B, 1, height, width) of -1 to 1, each changed by random numbers of its own."""
    drawn = np.stack([generator.uniform(-1, 1, 9) for generator in draw]).astype(np.float32)
    noise = np.stack(
        [generator.standard_normal(pictures.shape[1:], np.float32) for generator in draw]
    )
    changed = _strokes(_moved(pictures[:, 0], drawn[:, :6]), drawn[:, 6])[:, None]
    contrast, amount = (drawn[:, n, None, None, None] for n in (7, 8))
    return np.asarray(changed * (1 + 0.2 * contrast) + noise * _NOISE * abs(amount), np.float32)


def _moved(pictures: Pictures, drawn: NDArray[np.float32]) -> Pictures:
    """Pictures (B, height, width) by an affine map that `drawn` (B, 6) of -1 to 1 choose."""
    _, height, width = pictures.shape
    slant, turn, wide, high, right, down = drawn.T[:, :, None, None]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = y[None] - (height - 1) / 2, x[None] - (width - 1) / 2
    from_x = x * (1 + _SCALE * wide) + _SLANT * slant * y + _SHIFT * width * right
    from_y = y * (1 + _SCALE * high) + 0.03 * turn * x + _SHIFT * height * down
    return _interpolated(pictures, from_y + (height - 1) / 2, from_x + (width - 1) / 2)


def _interpolated(pictures: Pictures, y: Pictures, x: Pictures) -> Pictures:
    """Pictures (B, height, width) at positions y and x of the same shape, between four pixels."""
    batch, height, width = pictures.shape
    y, x = y.clip(0, height - 1.001), x.clip(0, width - 1.001)
    top, left = y.astype(np.int32), x.astype(np.int32)
    down, right = y - top, x - left
    flat = pictures.ravel()
    first = np.arange(batch, dtype=np.int32)[:, None, None] * (height * width) + top * width + left
    above = flat[first] * (1 - right) + flat[first + 1] * right
    below = flat[first + width] * (1 - right) + flat[first + width + 1] * right
    return np.asarray(above * (1 - down) + below * down, np.float32)


def _strokes(pictures: Pictures, drawn: NDArray[np.float32]) -> Pictures:
    """Pictures (B, height, width) a part of the way to their darkest or lightest neighbours."""
    padded = np.pad(pictures, ((0, 0), (0, 0), (1, 1)), "edge")
    beside = np.stack((padded[..., :-2], pictures, padded[..., 2:]))
    amount = _STROKE * drawn[:, None, None]
    extreme = np.where(amount > 0, beside.min(0), beside.max(0))
    return np.asarray(pictures + abs(amount) * (extreme - pictures), np.float32)
