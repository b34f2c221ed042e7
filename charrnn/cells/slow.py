"""Networks in which some units change more slowly than others, for long-term context."""

from array_api_compat import device

from charrnn.cells.arrays import Array, linear, namespace, sigmoid, tanh
from charrnn.cells.base import CLOCK, Cell, State, Weights, matrix, recur, vector
from charrnn.cells.parameters import Initial, Parameters

_MODULES = 6  # of a clockwork network
_SLOW = 0.95  # of a context unit remains at each step


class Clockwork(Cell):
    """An Elman network in modules, each of which is slower than the one before it.

    h = tanh(W x + U h + b)     for the units whose period divides the time; others stay

    Module m works at every 2^m-th step, and sees only itself and slower modules. The second array
    of the state is the time. Koutnik et al. 2014, https://arxiv.org/abs/1402.3511.
    """

    blocks = ("hidden",)
    states = ("h", CLOCK)
    alignment = 2 ** (_MODULES - 1)  # the longest period

    @classmethod
    def prepare(cls, weights: Weights) -> Weights:
        """U without what faster modules would send, and each unit's period (H,)."""
        u = weights["weight_hh"]
        xp, size = namespace(u), u.shape[0]
        module = xp.arange(size, device=device(u)) * _MODULES // size
        visible = module[None, :] >= module[:, None]
        return {**weights, "weight_hh": u * visible, "period": 2**module}

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., H), state (h, time) -> (h, time)."""
        h, time = state
        due = time % weights["period"] == 0
        time = (time + 1) % cls.alignment  # all periods divide it, and the number stays exact
        return namespace(z).where(due, tanh(z + recur(weights, h)), h), time


class SCRN(Cell):
    """An Elman network beside a quarter of units that change slowly, for long-term context.

    s = 0.05 (W_s x + b_s) + 0.95 s         the context units
    h = sigmoid(W_h x + P s + R h + b)      the hidden units
    y = [h, s]                              the output, and the state

    Mikolov et al. 2014, https://arxiv.org/abs/1412.7753.
    """

    blocks = ("hidden",)

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
