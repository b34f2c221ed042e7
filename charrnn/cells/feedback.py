"""Networks whose output is fed back, and networks in which every unit sees every other.

Jordan 1986, "Serial order: a parallel distributed processing approach",
https://doi.org/10.1016/S0166-4115(97)80111-2; the fully recurrent network: Williams and Zipser
1989, https://doi.org/10.1162/neco.1989.1.2.270.
"""

from charrnn.cells.arrays import Array, linear, namespace, split, tanh
from charrnn.cells.base import Cell, State, Weights, matrix, vector
from charrnn.cells.parameters import XAVIER, Initial, Parameters


class Jordan(Cell):
    """The network remembers its output, not its hidden units.

    h = tanh(W x + U y + b)      the hidden units
    y = tanh(V h + c)            the output, and the state

    Without the trace of earlier outputs that Jordan's own state units keep.
    """

    blocks = 1

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """Those of an Elman network, and the output's."""
        return super().parameters(inputs, hidden) | {
            "weight_ho": matrix(hidden, hidden, XAVIER),
            "bias_ho": vector(hidden),
        }

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., H), state (y,) -> (y,)."""
        h = tanh(z + linear(state[0], weights["weight_hh"], weights["bias_hh"]))
        return (tanh(linear(h, weights["weight_ho"], weights["bias_ho"])),)


class Full(Cell):
    """Hidden and output units, all of them connected to all of them.

    [y, h] = tanh(W x + U [y, h] + b)
    """

    blocks = 2
    states = ("y", "h")

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """Twice the units of an Elman network; the first half of them is the output."""
        return super().parameters(inputs, hidden) | {
            "weight_hh": matrix(2 * hidden, 2 * hidden, Initial("orthogonal", hidden))
        }

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., 2H), state (y, h) -> (y, h)."""
        before = namespace(z).concat(state, axis=-1)
        y, h = split(tanh(z + linear(before, weights["weight_hh"], weights["bias_hh"])), 2)
        return y, h
