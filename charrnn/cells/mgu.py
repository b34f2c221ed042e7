"""The minimal gated unit: Zhou et al. 2016, https://arxiv.org/abs/1603.09420."""

from charrnn.cells.arrays import Array, linear, sigmoid, split, tanh
from charrnn.cells.base import GatedCell, Gates, State, Weights


class MGU(GatedCell):
    """A GRU with one gate, which both forgets and resets.

    f = sigmoid(W_f x + U_f h + b_f)         how much of the state to replace, and to show
    n = tanh   (W_n x + U_n (f h) + b_n)     the candidate, which sees that much of the state
    h = (1 - f) h + f n
    """

    blocks = 2
    gates = ("forget",)

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 2H), state (h,) -> (h,)."""
        (h,) = state
        size = h.shape[-1]
        w, b = weights["weight_hh"], weights["bias_hh"]
        z_f, z_n = split(z, 2)
        f = sigmoid(z_f + linear(h, w[:size], b[:size]))
        n = tanh(z_n + linear(f * h, w[size:], b[size:]))
        return (h + f * (n - h),), {"forget": f}
