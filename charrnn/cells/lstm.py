"""Long short-term memory.

Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735, with the forget gate of
Gers, Schmidhuber and Cummins 2000, https://doi.org/10.1162/089976600300015015.
"""

from charrnn.cells.arrays import Array, sigmoid, split, tanh
from charrnn.cells.base import GatedCell, Gates, State, Weights, recur


class LSTM(GatedCell):
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

    blocks = ("input", "forget", "candidate", "output")
    states = ("h", "c")
    gates = ("input", "forget", "output")
    bias = (0.0, 1.0, 0.0, 0.0)
    fused = "lstm"

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 4H), state (h, c) -> (h, c)."""
        h, c = state
        size = h.shape[-1]
        total = z + recur(weights, h)
        i, f, _, o = split(sigmoid(total), 4)  # one call costs less than three smaller ones
        g = tanh(total[..., 2 * size : 3 * size])
        c = f * c + i * g
        return (o * tanh(c), c), {"input": i, "forget": f, "output": o}
