"""The structurally constrained network: Mikolov et al. 2014, https://arxiv.org/abs/1412.7753."""

from charrnn.cells.arrays import Array, linear, namespace, sigmoid
from charrnn.cells.base import Cell, State, Weights, matrix, vector
from charrnn.cells.parameters import Initial, Parameters

_SLOW = 0.95


class SCRN(Cell):
    """An Elman network beside a quarter of units that change slowly, for long-term context.

    s = 0.05 (W_s x + b_s) + 0.95 s         the context units
    h = sigmoid(W_h x + P s + R h + b)      the hidden units
    y = [h, s]                              the output, and the state
    """

    blocks = 1

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """`weight_hh` is [R, P]; the context units have no weights but those of the input."""
        fast = hidden - hidden // 4
        return super().parameters(inputs, hidden) | {
            "weight_hh": matrix(fast, hidden, Initial("orthogonal", hidden)),
            "bias_hh": vector(fast),
        }

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., H), state (y,) -> (y,)."""
        fast = weights["weight_hh"].shape[0]
        h, s = state[0][..., :fast], state[0][..., fast:]
        s = (1 - _SLOW) * z[..., fast:] + _SLOW * s
        concat = namespace(z).concat
        past = linear(concat((h, s), axis=-1), weights["weight_hh"], weights["bias_hh"])
        return (concat((sigmoid(z[..., :fast] + past), s), axis=-1),)
