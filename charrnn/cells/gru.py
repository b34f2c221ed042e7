"""Gated recurrent units: Cho et al. 2014, https://arxiv.org/abs/1406.1078, and with fewer gates."""

from typing import ClassVar

from charrnn.cells.arrays import Array, linear, namespace, sigmoid, split, tanh
from charrnn.cells.base import GatedCell, Gates, State, Weights, recur
from charrnn.cells.functions import softplus
from charrnn.cells.parameters import Parameters
from charrnn.cells.scanned import ScannedCell, Time


class GRU(GatedCell):
    """An LSTM's idea with one state and two gates.

    r = sigmoid(W_r x + U_r h + b_r)           how much of the state the candidate sees
    u = sigmoid(W_u x + U_u h + b_u)           how much of the state to keep
    n = tanh   (W_n x + r (U_n h + b_n))       the candidate
    h = (1 - u) n + u h

    The reset gate is applied after the product, as in cuDNN and `torch.nn.GRU`.
    """

    blocks = ("reset", "update", "candidate")
    gates = ("reset", "update")
    fused = "gru"

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 3H), state (h,) -> (h,)."""
        (h,) = state
        r, u, n = split(z, 3)
        past_r, past_u, past_n = split(recur(weights, h), 3)
        r = sigmoid(r + past_r)
        n = tanh(n + r * past_n)
        u = sigmoid(u + past_u)
        return (n + u * (h - n),), {"reset": r, "update": u}


class MGU(GatedCell):
    """A GRU with one gate, which both forgets and resets.

    f = sigmoid(W_f x + U_f h + b_f)         how much of the state to replace, and to show
    n = tanh   (W_n x + U_n (f h) + b_n)     the candidate, which sees that much of the state
    h = (1 - f) h + f n

    Zhou et al. 2016, https://arxiv.org/abs/1603.09420.
    """

    blocks = ("forget", "candidate")
    gates = ("forget",)

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 2H), state (h,) -> (h,)."""
        (h,) = state
        size = h.shape[-1]
        w, b = weights["weight_hh"], weights["bias_hh"]
        z_f, z_n = split(z, 2)
        f = sigmoid(z_f + linear(h, w[:size], b[:size]))
        n = tanh(z_n + linear(f * h, w[size:], b[size:]))
        return (h + f * (n - h),), {"forget": f}


def _positive(x: Array) -> Array:
    """The paper's g: x + 1/2 above zero, sigmoid(x) below. Continuous, and never negative."""
    return namespace(x).where(x >= 0, x + 0.5, sigmoid(x))


class MinGRU(ScannedCell):
    """A GRU whose gate and candidate see the input alone, so all steps can be computed at once.

    u = sigmoid(W_u x + b_u)             how much of the state to replace
    n = g(W_n x + b_n)                   the candidate
    h = (1 - u) h + u n

    "Were RNNs all we needed?": Feng et al. 2024, https://arxiv.org/abs/2410.01201.
    """

    blocks: ClassVar[tuple[str, ...]] = ("update", "candidate")
    gates = ("update",)

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """Only the input is multiplied."""
        every = super().parameters(inputs, hidden)
        return {name: every[name] for name in ("weight_ih", "bias_ih")}

    @classmethod
    def equations(
        cls,
        time: type[Time],
        weights: Weights,  # noqa: ARG003  (all of them are in z)
        z: Array,
        state: State,
    ) -> tuple[State, Gates]:
        """z (..., 2H), state (h,) -> (h,)."""
        u, n = split(z, 2)
        u = sigmoid(u)
        return (time.scan(1 - u, u * _positive(n), state[0]),), {"update": u}


class MinLSTM(MinGRU):
    """The same with a gate to keep and a gate to add, scaled so that they sum to one.

    f = sigmoid(W_f x + b_f)             how much of the state to keep
    i = sigmoid(W_i x + b_i)             how much of the candidate to add
    n = g(W_n x + b_n)                   the candidate
    h = f / (f + i) h + i / (f + i) n
    """

    blocks = ("forget", "input", "candidate")
    gates = ("forget",)
    bias = (1.0, 0.0, 0.0)

    @classmethod
    def equations(
        cls,
        time: type[Time],
        weights: Weights,  # noqa: ARG003  (all of them are in z)
        z: Array,
        state: State,
    ) -> tuple[State, Gates]:
        """z (..., 3H), state (h,) -> (h,); the forget gate is f / (f + i)."""
        f, i, n = split(z, 3)
        keep = sigmoid(softplus(-i) - softplus(-f))  # f / (f + i), safely
        return (time.scan(keep, (1 - keep) * _positive(n), state[0]),), {"forget": keep}
