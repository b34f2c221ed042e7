"""Gated recurrent units: Cho et al. 2014, https://arxiv.org/abs/1406.1078, and with fewer gates."""

from charrnn.cells.arrays import Array, linear, sigmoid, split, tanh
from charrnn.cells.base import GatedCell, Gates, State, Weights, recur


class GRU(GatedCell):
    """An LSTM's idea with one state and two gates.

    r = sigmoid(W_r x + U_r h + b_r)           how much of the state the candidate sees
    u = sigmoid(W_u x + U_u h + b_u)           how much of the state to keep
    n = tanh   (W_n x + r (U_n h + b_n))       the candidate
    h = (1 - u) n + u h

    The reset gate is applied after the product, as in cuDNN and `torch.nn.GRU`.
    """

    blocks = 3
    gates = ("reset", "update")
    fused = "gru"

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 3H), state (h,) -> (h,)."""
        (h,) = state
        r, u, n = split(z, 3)
        past_r, past_u, past_n = split(recur(weights, h), 3)
        r = sigmoid(r + past_r)
        n = tanh(n + r * past_n)
        u = sigmoid(u + past_u)
        return (n + u * (h - n),), {"reset": r, "update": u}


class MGU(GatedCell):
    """A GRU with one gate, which both forgets and resets.

    f = sigmoid(W_f x + U_f h + b_f)         how much of the state to replace, and to show
    n = tanh   (W_n x + U_n (f h) + b_n)     the candidate, which sees that much of the state
    h = (1 - f) h + f n

    Zhou et al. 2016, https://arxiv.org/abs/1603.09420.
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
