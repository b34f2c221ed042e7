"""The Mogrifier: Melis et al. 2019, https://arxiv.org/abs/1909.01792."""

from charrnn.cells.base import Array, Cell, Shapes, State, Weights, linear, sigmoid
from charrnn.cells.lstm import LSTM


class Mogrifier(Cell):
    """An LSTM whose input and state have first gated each other, in turns.

    x = 2 sigmoid(Q h) x,  h = 2 sigmoid(R x) h,  x = ..., h = ..., x = ...    five rounds
    and then as an LSTM.

    So the input's share cannot be reckoned before the state is known.
    """

    gates = 4
    states = LSTM.states
    sigmoids = LSTM.sigmoids
    bias = LSTM.bias
    rounds = 5

    @classmethod
    def shapes(cls, inputs: int, hidden: int) -> Shapes:
        """Beside an LSTM's, a matrix a round: Q where its number is even, R where it is odd."""
        both = (inputs, hidden), (hidden, inputs)
        rounds = {f"weight_{number}": both[number % 2] for number in range(cls.rounds)}
        return super().shapes(inputs, hidden) | rounds

    @staticmethod
    def share(weights: Weights, x: Array) -> Array:  # noqa: ARG004  (not yet)
        """The input as it is: x (..., D) -> (..., D)."""
        return x

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., D), state (h, c) -> (h, c)."""
        x, (h, c) = z, state
        for number in range(cls.rounds):
            matrix = weights[f"weight_{number}"].T
            if number % 2 == 0:
                x = 2 * sigmoid(h @ matrix) * x
            else:
                h = 2 * sigmoid(x @ matrix) * h
        return LSTM.step(weights, linear(x, weights["weight_ih"], weights["bias_ih"]), (h, c))
