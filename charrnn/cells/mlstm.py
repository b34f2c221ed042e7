"""Multiplicative LSTM: Krause et al. 2016, https://arxiv.org/abs/1609.07959."""

from charrnn.cells.arrays import Array, linear, sigmoid, split, tanh
from charrnn.cells.base import GatedCell, Gates, State, Weights


class MLSTM(GatedCell):
    """An LSTM whose recurrent weights differ for every input, by way of a product.

    m = (W_m x + b_m) (U_m h + b)      the state as this input sees it
    i, f, g, o, c, h                   as in an LSTM, with m in place of the old h
    """

    blocks = 5
    states = ("h", "c")
    gates = ("input", "forget", "output")
    bias = (0.0, 1.0, 0.0, 0.0, 0.0)

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 5H): i, f, g, o, m; state (h, c) -> (h, c)."""
        h, c = state
        cut = 4 * h.shape[-1]
        w, b = weights["weight_hh"], weights["bias_hh"]
        m = z[..., cut:] * linear(h, w[cut:], b[cut:])
        i, f, g, o = split(z[..., :cut] + linear(m, w[:cut], b[:cut]), 4)
        f, i, o = sigmoid(f), sigmoid(i), sigmoid(o)
        c = f * c + i * tanh(g)
        return (o * tanh(c), c), {"input": i, "forget": f, "output": o}
