"""Gates that do not see the state, so that all time steps can be computed at once.

"Were RNNs all we needed?": Feng et al. 2024, https://arxiv.org/abs/2410.01201.
"""

from charrnn.cells.arrays import Array, namespace, sigmoid, split
from charrnn.cells.base import Gates, ScannedCell
from charrnn.cells.parameters import Parameters


def _positive(x: Array) -> Array:
    """The paper's g: x + 1/2 above zero, sigmoid(x) below. Continuous, and never negative."""
    return namespace(x).where(x >= 0, x + 0.5, sigmoid(x))


class MinGRU(ScannedCell):
    """A GRU whose gate and candidate see the input alone.

    u = sigmoid(W_u x + b_u)             how much of the state to replace
    n = g(W_n x + b_n)                   the candidate
    h = (1 - u) h + u n
    """

    blocks = 2
    gates = ("update",)

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """Only the input is multiplied."""
        every = super().parameters(inputs, hidden)
        return {name: every[name] for name in ("weight_ih", "bias_ih")}

    @classmethod
    def coefficients(cls, z: Array) -> tuple[Array, Array, Gates]:
        """z (..., 2H) -> (keep, add, gates)."""
        u, n = split(z, 2)
        u = sigmoid(u)
        return 1 - u, u * _positive(n), {"update": u}


class MinLSTM(MinGRU):
    """The same with a gate to keep and a gate to add, scaled so that they sum to one.

    f = sigmoid(W_f x + b_f)             how much of the state to keep
    i = sigmoid(W_i x + b_i)             how much of the candidate to add
    n = g(W_n x + b_n)                   the candidate
    h = f / (f + i) h + i / (f + i) n
    """

    blocks = 3
    gates = ("forget",)
    bias = (1.0, 0.0, 0.0)

    @classmethod
    def coefficients(cls, z: Array) -> tuple[Array, Array, Gates]:
        """z (..., 3H) -> (keep, add, gates); the forget gate is f / (f + i)."""
        f, i, n = split(z, 3)
        xp = namespace(z)
        zero = xp.zeros_like(f)
        keep = sigmoid(xp.logaddexp(-i, zero) - xp.logaddexp(-f, zero))  # f / (f + i), safely
        return keep, (1 - keep) * _positive(n), {"forget": keep}
