"""Gates that do not look back, so that all time steps can be reckoned at once.

"Were RNNs all we needed?": Feng et al. 2024, https://arxiv.org/abs/2410.01201.
"""

from charrnn.cells.base import Array, Scanned, Shapes, blocks, namespace, sigmoid


def _positive(x: Array) -> Array:
    """The paper's g: x + 1/2 above zero, sigmoid(x) below. Never negative, and smooth enough."""
    return namespace(x).where(x >= 0, x + 0.5, sigmoid(x))


class MinGRU(Scanned):
    """A GRU without a view of its past: what to write is known from the input alone.

    u = sigmoid(W_u x + b_u)
    h = (1 - u) h + u g(W_n x + b_n)
    """

    gates = 2
    sigmoids = ("update", None)

    @classmethod
    def shapes(cls, inputs: int, hidden: int) -> Shapes:
        """Nothing but the input is multiplied."""
        found = super().shapes(inputs, hidden)
        return {name: found[name] for name in ("weight_ih", "bias_ih")}

    @staticmethod
    def coefficients(z: Array) -> tuple[Array, Array]:
        """z (..., 2H) -> (keep, add)."""
        u, n = blocks(z, 2)
        u = sigmoid(u)
        return 1 - u, u * _positive(n)


class MinLSTM(MinGRU):
    """The same with a gate for each: how much to keep, how much to add, and both make one.

    f = sigmoid(W_f x + b_f)    i = sigmoid(W_i x + b_i)
    h = f / (f + i) h + i / (f + i) g(W_n x + b_n)
    """

    gates = 3
    sigmoids = ("forget", None)
    bias = (1.0, 0.0, 0.0)

    @staticmethod
    def coefficients(z: Array) -> tuple[Array, Array]:
        """z (..., 3H) -> (keep, add)."""
        f, i, n = blocks(z, 3)
        xp = namespace(z)
        zero = xp.zeros_like(f)
        keep = sigmoid(xp.logaddexp(-i, zero) - xp.logaddexp(-f, zero))  # f / (f + i), safely
        return keep, (1 - keep) * _positive(n)
