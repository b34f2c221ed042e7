"""The Mogrifier: Melis et al. 2019, https://arxiv.org/abs/1909.01792."""

from charrnn.cells.arrays import Array, linear, sigmoid
from charrnn.cells.base import GatedCell, Gates, State, Weights, matrix
from charrnn.cells.lstm import LSTM
from charrnn.cells.parameters import Initial, Parameters

_ROUNDS = 5


class Mogrifier(GatedCell):
    """An LSTM whose input and state gate each other first, in turns.

    x = 2 sigmoid(Q h) x      rounds 0, 2 and 4, each with its own Q
    h = 2 sigmoid(R x) h      rounds 1 and 3, each with its own R
    i, f, g, o, c, h          as in an LSTM, from these x and h

    So the input projection depends on the state, and cannot be computed before it.
    """

    blocks = 4
    states = LSTM.states
    gates = LSTM.gates
    bias = LSTM.bias

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """Those of an LSTM, and a matrix per round: Q where its number is even, R where odd."""
        xavier = Initial("xavier", hidden)
        both = matrix(inputs, hidden, xavier), matrix(hidden, inputs, xavier)
        rounds = {f"weight_{number}": both[number % 2] for number in range(_ROUNDS)}
        return super().parameters(inputs, hidden) | rounds

    @staticmethod
    def project(weights: Weights, x: Array) -> Array:  # noqa: ARG004  (used once the state is known)
        """The input as it is: x (..., D) -> (..., D)."""
        return x

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., D), state (h, c) -> (h, c)."""
        x, (h, c) = z, state
        for number in range(_ROUNDS):
            matrix = weights[f"weight_{number}"].T
            if number % 2 == 0:
                x = 2 * sigmoid(h @ matrix) * x
            else:
                h = 2 * sigmoid(x @ matrix) * h
        projected = linear(x, weights["weight_ih"], weights["bias_ih"])
        return LSTM.step_with_gates(weights, projected, (h, c))
