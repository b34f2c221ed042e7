"""LSTM whose gates see the memory: Gers and Schmidhuber 2000, https://doi.org/10.1109/IJCNN.2000.861302."""

from charrnn.cells.arrays import Array, sigmoid, split, tanh
from charrnn.cells.base import GatedCell, Gates, State, Weights, recur, vector
from charrnn.cells.parameters import Parameters


class Peephole(GatedCell):
    """An LSTM whose gates also see the memory: one weight per unit and gate, a peephole.

    i = sigmoid(W_i x + U_i h + p_i c + b_i)       how much of the candidate to write
    f = sigmoid(W_f x + U_f h + p_f c + b_f)       how much of the memory to keep
    g = tanh   (W_g x + U_g h + b_g)               the candidate
    c' = f c + i g                                 the new memory
    o = sigmoid(W_o x + U_o h + p_o c' + b_o)      how much of the new memory to show
    h = o tanh(c')

    The last tanh is from Graves 2013: https://arxiv.org/abs/1308.0850.
    """

    blocks = 4
    states = ("h", "c")
    gates = ("input", "forget", "output")
    bias = (0.0, 1.0, 0.0, 0.0)

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """Those of an LSTM, and the peepholes of i, f and o."""
        return super().parameters(inputs, hidden) | {"peephole": vector(3 * hidden)}

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 4H), state (h, c) -> (h, c)."""
        h, c = state
        p_i, p_f, p_o = split(weights["peephole"], 3)
        i, f, g, o = split(z + recur(weights, h), 4)
        f, i = sigmoid(f + p_f * c), sigmoid(i + p_i * c)
        c = f * c + i * tanh(g)
        o = sigmoid(o + p_o * c)
        return (o * tanh(c), c), {"input": i, "forget": f, "output": o}
