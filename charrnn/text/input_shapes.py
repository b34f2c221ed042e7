"""The shapes of inputs that are no texts, and the bytes that a corpus stores of one.

(1, height, width)   a picture: bytes of grey
(cells, D)           features of a picture: numbers of 32 bits
(0, D)               any number of frames of features: numbers of 16 bits
(0, height, width)   any number of grey frames: bytes
"""

import math
from typing import Any

_LONGEST_SIDE = 1 << 24


def checked_shape(sides: Any) -> tuple[int, ...]:
    """A shape that a file names; () is that of texts. ValueError if it is none of these."""
    shape = tuple(sides)
    if not all(type(side) is int and 0 <= side < _LONGEST_SIDE for side in shape):
        raise ValueError("its input_shape is not one")
    if len(shape) not in (0, 2, 3) or not all(shape[1:]) or (len(shape) == 3 and shape[0] > 1):
        raise ValueError("its input_shape is not one")
    return shape


def checked_scale(pairs: Any, shape: tuple[int, ...]) -> tuple[tuple[float, float], ...]:
    """The mean and the standard deviation of each feature, as a file names them. ValueError."""
    scale = tuple((float(mean), float(deviation)) for mean, deviation in pairs)
    is_known = all(math.isfinite(mean) and 0 < each < math.inf for mean, each in scale)
    if not is_known or (scale and (len(shape) != 2 or len(scale) != shape[1])):
        raise ValueError("its input_scale is not one")
    return scale


def bytes_of(shape: tuple[int, ...]) -> int:
    """The bytes that are stored of an input, or of a frame where there may be any number."""
    sides = [side for side in shape if side]
    if len(shape) == 3:
        return math.prod(sides)
    return math.prod(sides) * (4 if len(sides) == 2 else 2)


def is_stored(shape: tuple[int, ...], sizes: Any) -> bool:
    """Whether inputs of such sizes (N,), in bytes, can have the shape."""
    size = bytes_of(shape)
    return bool((sizes % size == 0).all() if shape[0] == 0 else (sizes == size).all())


def counted(tokens: int, shape: tuple[int, ...]) -> tuple[int, str]:
    """How much a corpus of so many tokens, or bytes, is, and of what: tokens, frames, pictures."""
    if not shape:
        return tokens, "token"
    return tokens // bytes_of(shape), "picture" if shape[0] else "frame"
