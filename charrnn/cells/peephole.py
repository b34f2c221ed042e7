"""LSTM whose gates see the memory: Gers and Schmidhuber 2000, https://doi.org/10.1109/IJCNN.2000.861302."""

from charrnn.cells.base import Array, Cell, Shapes, State, Weights, blocks, recur, sigmoid, tanh


class Peephole(Cell):
    """An LSTM whose gates look at the memory itself, through one weight a unit.

    i = sigmoid(W_i x + U_i h + p_i c + b_i)
    f = sigmoid(W_f x + U_f h + p_f c + b_f)
    g = tanh   (W_g x + U_g h + b_g)
    c' = f c + i g
    o = sigmoid(W_o x + U_o h + p_o c' + b_o)
    h = o tanh(c')

    The tanh at the end is Graves's, 2013: https://arxiv.org/abs/1308.0850.
    """

    gates = 4
    states = ("h", "c")
    sigmoids = ("forget", "input", "output")
    bias = (0.0, 1.0, 0.0, 0.0)

    @classmethod
    def shapes(cls, inputs: int, hidden: int) -> Shapes:
        """Beside an LSTM's, the peepholes of i, f and o."""
        return super().shapes(inputs, hidden) | {"peephole": (3 * hidden,)}

    @staticmethod
    def step(weights: Weights, z: Array, state: State) -> State:
        """z (..., 4H), state (h, c) -> (h, c)."""
        h, c = state
        p_i, p_f, p_o = blocks(weights["peephole"], 3)
        i, f, g, o = blocks(z + recur(weights, h), 4)
        c_next = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * tanh(g)
        return sigmoid(o + p_o * c_next) * tanh(c_next), c_next
