"""LSTMs with one more idea: gates that see the memory, weights or inputs that the state changes."""

from typing import ClassVar

from charrnn.cells.arrays import Array, linear, sigmoid, split, tanh
from charrnn.cells.base import GatedCell, Gates, State, Weights, matrix, recur, vector
from charrnn.cells.lstm import LSTM
from charrnn.cells.parameters import Initial, Parameters

_ROUNDS = 5  # of a Mogrifier


class _Variant(GatedCell):
    """What these cells share with an LSTM."""

    blocks: ClassVar[tuple[str, ...]] = LSTM.blocks
    states = LSTM.states
    gates = LSTM.gates
    bias: ClassVar[tuple[float, ...]] = LSTM.bias


class Peephole(_Variant):
    """An LSTM whose gates also see the memory: one weight per unit and gate, a peephole.

    i = sigmoid(W_i x + U_i h + p_i c + b_i)       how much of the candidate to write
    f = sigmoid(W_f x + U_f h + p_f c + b_f)       how much of the memory to keep
    g = tanh   (W_g x + U_g h + b_g)               the candidate
    c' = f c + i g                                 the new memory
    o = sigmoid(W_o x + U_o h + p_o c' + b_o)      how much of the new memory to show
    h = o tanh(c')

    Gers and Schmidhuber 2000, https://doi.org/10.1109/IJCNN.2000.861302. The last tanh is from
    Graves 2013: https://arxiv.org/abs/1308.0850.
    """

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """Those of an LSTM, and the peepholes of i, f and o."""
        return super().parameters(inputs, hidden) | {"peephole": vector(3 * hidden)}

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 4H), state (h, c) -> (h, c)."""
        h, c = state
        p_i, p_f, p_o = split(weights["peephole"], 3)
        i, f, g, o = split(z + recur(weights, h), 4)
        f, i = sigmoid(f + p_f * c), sigmoid(i + p_i * c)
        c = f * c + i * tanh(g)
        o = sigmoid(o + p_o * c)
        return (o * tanh(c), c), {"input": i, "forget": f, "output": o}


class MLSTM(_Variant):
    """An LSTM whose recurrent weights differ for every input, by way of a product.

    m = (W_m x + b_m) (U_m h + b)      the state as this input sees it
    i, f, g, o, c, h                   as in an LSTM, with m in place of the old h

    Krause et al. 2016, https://arxiv.org/abs/1609.07959.
    """

    blocks = (*LSTM.blocks, "product")
    bias = (*LSTM.bias, 0.0)

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 5H): i, f, g, o, m; state (h, c) -> (h, c)."""
        h, c = state
        cut = 4 * h.shape[-1]
        w, b = weights["weight_hh"], weights["bias_hh"]
        m = z[..., cut:] * linear(h, w[cut:], b[cut:])
        gated = {"weight_hh": w[:cut], "bias_hh": b[:cut]}
        return LSTM.step_with_gates(gated, z[..., :cut], (m, c))


class Mogrifier(_Variant):
    """An LSTM whose input and state gate each other first, in turns.

    x = 2 sigmoid(Q h) x      rounds 0, 2 and 4, each with its own Q
    h = 2 sigmoid(R x) h      rounds 1 and 3, each with its own R
    i, f, g, o, c, h          as in an LSTM, from these x and h

    So the input projection depends on the state, and cannot be computed before it.
    Melis et al. 2019, https://arxiv.org/abs/1909.01792.
    """

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
            matrix = weights[f"weight_{number}"]
            if number % 2 == 0:
                x = 2 * sigmoid(linear(h, matrix)) * x
            else:
                h = 2 * sigmoid(linear(x, matrix)) * h
        projected = linear(x, weights["weight_ih"], weights["bias_ih"])
        return LSTM.step_with_gates(weights, projected, (h, c))
