"""Multiplicative LSTM: Krause et al. 2016, https://arxiv.org/abs/1609.07959."""

from charrnn.cells.base import Array, Cell, State, Weights, blocks, linear, sigmoid, tanh


class MLSTM(Cell):
    """An LSTM whose recurrent weights are others for every input, by way of a product.

    m = (W_m x + b_m) (U_m h + b)
    i, f, g, o, c and h as an LSTM's, with m in place of h
    """

    gates = 5
    states = ("h", "c")
    sigmoids = ("forget", "input", "output")
    bias = (0.0, 1.0, 0.0, 0.0, 0.0)

    @staticmethod
    def step(weights: Weights, z: Array, state: State) -> State:
        """z (..., 5H): i, f, g, o, m; state (h, c) -> (h, c)."""
        h, c = state
        cut = 4 * h.shape[-1]
        w, b = weights["weight_hh"], weights["bias_hh"]
        m = z[..., cut:] * linear(h, w[cut:], b[cut:])
        i, f, g, o = blocks(z[..., :cut] + linear(m, w[:cut], b[:cut]), 4)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c
