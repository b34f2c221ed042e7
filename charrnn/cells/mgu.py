"""The minimal gated unit: Zhou et al. 2016, https://arxiv.org/abs/1603.09420."""

from charrnn.cells.base import Array, Cell, State, Weights, blocks, linear, sigmoid, tanh


class MGU(Cell):
    """A GRU with one gate, which both forgets and resets.

    f = sigmoid(W_f x + U_f h + b_f)
    n = tanh   (W_n x + U_n (f h) + b_n)
    h = (1 - f) h + f n
    """

    gates = 2
    sigmoids = ("forget",)

    @staticmethod
    def step(weights: Weights, z: Array, state: State) -> State:
        """z (..., 2H), state (h,) -> (h,)."""
        (h,) = state
        size = h.shape[-1]
        w, b = weights["weight_hh"], weights["bias_hh"]
        z_f, z_n = blocks(z, 2)
        f = sigmoid(z_f + linear(h, w[:size], b[:size]))
        n = tanh(z_n + linear(f * h, w[size:], b[size:]))
        return (h + f * (n - h),)
