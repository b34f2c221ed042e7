"""Simple recurrent networks, without gates: one sum of the input and what is fed back, squashed."""

from charrnn.cells.arrays import Array, linear, namespace, split, tanh
from charrnn.cells.base import Cell, State, Weights, matrix, recur, vector
from charrnn.cells.parameters import XAVIER, Initial, Parameters


class Elman(Cell):
    """The new state is a squashed sum of the input and the old state: Elman 1990.

    h = tanh(W x + U h + b)

    https://doi.org/10.1207/s15516709cog1402_1.
    """

    blocks = ("hidden",)
    fused = "rnn_tanh"

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., H), state (h,) -> (h,)."""
        return (tanh(z + recur(weights, state[0])),)


class ReLU(Cell):
    """The same with a rectifier, which neither saturates nor bounds the state.

    h = max(0, W x + U h + b)
    """

    blocks = ("hidden",)
    fused = "rnn_relu"

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., H), state (h,) -> (h,)."""
        total = z + recur(weights, state[0])
        return (total * (total > 0),)


class IRNN(ReLU):
    """The rectifier network, started at the identity: at first, the state keeps what it was given.

    Input weights start small (standard deviation 0.001), or the sum of all inputs would be too
    large. Le et al. 2015, https://arxiv.org/abs/1504.00941.
    """

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """Those of an Elman network, with other initial matrices."""
        return super().parameters(inputs, hidden) | {
            "weight_ih": matrix(hidden, inputs, Initial("normal", hidden, std=0.001)),
            "weight_hh": matrix(hidden, hidden, Initial("identity", hidden)),
        }


class Jordan(Cell):
    """The network remembers its output, not its hidden units.

    h = tanh(W x + U y + b)      the hidden units
    y = tanh(V h + c)            the output, and the state

    Jordan 1986, "Serial order: a parallel distributed processing approach",
    https://doi.org/10.1016/S0166-4115(97)80111-2, but without the trace of earlier outputs that
    Jordan's own state units keep.
    """

    blocks = ("hidden",)

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

    Williams and Zipser 1989, https://doi.org/10.1162/neco.1989.1.2.270.
    """

    blocks = ("output", "hidden")
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
