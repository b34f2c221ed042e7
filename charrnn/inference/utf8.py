"""Which bytes may follow which in UTF-8, so that a model that writes bytes writes whole characters.

A model gives every byte some probability after any other. Drawn by chance, one that cannot follow
would break a character, so it is left out of the draw.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STATES = 8
# State, first and last byte that may come, the state after it: Unicode Standard, table 3-7.
# 0: between characters; 1, 2, 3: that many bytes are missing; 4 to 7: after E0, ED, F0, F4.
_TRANSITIONS = (
    (0, 0x00, 0x7F, 0),
    (0, 0xC2, 0xDF, 1),
    (0, 0xE0, 0xE0, 4),
    (0, 0xE1, 0xEC, 2),
    (0, 0xED, 0xED, 5),
    (0, 0xEE, 0xEF, 2),
    (0, 0xF0, 0xF0, 6),
    (0, 0xF1, 0xF3, 3),
    (0, 0xF4, 0xF4, 7),
    (1, 0x80, 0xBF, 0),
    (2, 0x80, 0xBF, 1),
    (3, 0x80, 0xBF, 2),
    (4, 0xA0, 0xBF, 1),
    (5, 0x80, 0x9F, 1),
    (6, 0x90, 0xBF, 2),
    (7, 0x80, 0x8F, 2),
)


def utf8_tables(single_bytes: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The byte (V,) of each token, -1 for whole characters -> two tables (8, V), by state.

    The first is 0 for a token that may come in that state and -inf for others; the second is the
    state after it. A text begins in state 0.
    """
    may_come = np.zeros((_STATES, 257), bool)
    state_after = np.zeros((_STATES, 257), np.int64)
    may_come[0, -1] = True  # whole characters stand between characters
    for state, first, last, after in _TRANSITIONS:
        may_come[state, first : last + 1] = True
        state_after[state, first : last + 1] = after
    penalty = np.where(may_come, np.float32(0), np.float32(-math.inf))
    return penalty[:, single_bytes], state_after[:, single_bytes]
