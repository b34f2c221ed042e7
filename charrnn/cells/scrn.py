"""The structurally constrained network: Mikolov et al. 2014, https://arxiv.org/abs/1412.7753."""

from charrnn.cells.base import Array, Cell, Shapes, State, Weights, linear, namespace, sigmoid


class SCRN(Cell):
    """An Elman network beside a quarter of units that change slowly, for what lasts longer.

    s = 0.05 (W_s x + b_s) + 0.95 s                     context
    h = sigmoid(W_h x + P s + R h + b)          hidden units
    y = [h, s]                                  the output, and the state
    """

    gates = 1
    slow = 0.95

    @classmethod
    def shapes(cls, inputs: int, hidden: int) -> Shapes:
        """`weight_hh` has R and P side by side; the context has no weights from anywhere else."""
        quick = hidden - hidden // 4
        return super().shapes(inputs, hidden) | {
            "weight_hh": (quick, hidden),
            "bias_hh": (quick,),
        }

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., H), state (y,) -> (y,)."""
        quick = weights["weight_hh"].shape[0]
        h, s = state[0][..., :quick], state[0][..., quick:]
        s = (1 - cls.slow) * z[..., quick:] + cls.slow * s
        concat = namespace(z).concat
        past = linear(concat((h, s), axis=-1), weights["weight_hh"], weights["bias_hh"])
        return (concat((sigmoid(z[..., :quick] + past), s), axis=-1),)
