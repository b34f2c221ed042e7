"""The simple recurrent network: Elman 1990, https://doi.org/10.1207/s15516709cog1402_1."""

from charrnn.cells.arrays import Array, tanh
from charrnn.cells.base import Cell, State, Weights, matrix, recur
from charrnn.cells.parameters import Initial, Parameters


class Elman(Cell):
    """The new state is a squashed sum of the input and the old state.

    h = tanh(W x + U h + b)
    """

    blocks = 1
    fused = "rnn_tanh"

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., H), state (h,) -> (h,)."""
        return (tanh(z + recur(weights, state[0])),)


class ReLU(Cell):
    """The same with a rectifier, which neither saturates nor bounds the state.

    h = max(0, W x + U h + b)
    """

    blocks = 1
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
