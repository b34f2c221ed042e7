"""The gated recurrent unit: Cho et al. 2014, https://arxiv.org/abs/1406.1078."""

from charrnn.cells.base import Array, Cell, State, Weights, blocks, recur, sigmoid, tanh


class GRU(Cell):
    """An LSTM's idea with one state and two gates.

        r = sigmoid(W_r x + U_r h + b_r)           how much of the past the candidate sees
        u = sigmoid(W_u x + U_u h + b_u)           how much of the past to keep
        n = tanh   (W_n x + r (U_n h + b_n))       the candidate
        h = (1 - u) n + u h

    The reset gate acts after the product, as in cuDNN and `torch.nn.GRU`.
    """

    gates = 3
    sigmoids = ("reset", "update")
    fused = "gru"

    @staticmethod
    def step(weights: Weights, z: Array, state: State) -> State:
        """z (..., 3H), state (h,) -> (h,)."""
        (h,) = state
        r, u, n = blocks(z, 3)
        past_r, past_u, past_n = blocks(recur(weights, h), 3)
        n = tanh(n + sigmoid(r + past_r) * past_n)
        return (n + sigmoid(u + past_u) * (h - n),)
