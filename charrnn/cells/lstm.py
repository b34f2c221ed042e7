"""Long short-term memory.

Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735, with the forget gate of
Gers, Schmidhuber and Cummins 2000, https://doi.org/10.1162/089976600300015015.
"""

from charrnn.cells.base import Array, Cell, State, Weights, blocks, recur, sigmoid, tanh


class LSTM(Cell):
    """A memory `c` that a step only adds to and scales, so gradients survive many steps.

        i = sigmoid(W_i x + U_i h + b_i)      how much of the candidate to write
        f = sigmoid(W_f x + U_f h + b_f)      how much of the memory to keep
        g = tanh   (W_g x + U_g h + b_g)      the candidate
        o = sigmoid(W_o x + U_o h + b_o)      how much of the memory to show
        c = f c + i g
        h = o tanh(c)

    The forget gate starts open (bias 1): Jozefowicz et al. 2015,
    https://proceedings.mlr.press/v37/jozefowicz15.html.
    """

    gates = 4
    states = ("h", "c")
    sigmoids = ("input", "forget", None, "output")
    bias = (0.0, 1.0, 0.0, 0.0)
    fused = "lstm"

    @staticmethod
    def step(weights: Weights, z: Array, state: State) -> State:
        """z (..., 4H), state (h, c) -> (h, c)."""
        h, c = state
        total = z + recur(weights, h)
        i, f, _, o = blocks(sigmoid(total), 4)  # in one go: a call costs more than a few numbers
        g = tanh(blocks(total, 4)[2])
        c = f * c + i * g
        return o * tanh(c), c
