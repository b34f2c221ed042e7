"""The two cells of the extended LSTM: Beck et al. 2024, https://arxiv.org/abs/2405.04517.

Their input gate is exponential, so that it can outweigh all that was stored before; a normalizer
counts the weights. Both are kept divided by exp(m), or they would overflow.
"""

import math

from array_api_compat import device

from charrnn.cells.arrays import Array, linear, namespace, rectified, sigmoid, split, tanh
from charrnn.cells.base import NORMALIZER, GatedCell, Gates, State, Weights, matrix, recur, vector
from charrnn.cells.functions import group_sums, repeat, rms_norm, silu, softplus
from charrnn.cells.parameters import XAVIER, Initial, Parameters
from charrnn.cells.scanned import (
    EMPTY,
    TAPS,
    AllSteps,
    ScannedCell,
    Time,
    constants,
    convolve,
)

_CHUNK = 64  # steps whose weights of each other are computed at once


class SLSTM(GatedCell):
    """An LSTM with an exponential input gate: the memory is a weighted mean of the candidates.

    i = exp    (W_i x + U_i h + b_i)      the weight of the candidate
    f = sigmoid(W_f x + U_f h + b_f)      how much of the old weights to keep
    g = tanh   (W_g x + U_g h + b_g)      the candidate
    o = sigmoid(W_o x + U_o h + b_o)      how much of the mean to show
    c = f c + i g                         the sum of weighted candidates
    n = f n + i                           the sum of weights
    h = o c / n

    The forget gates of the paper begin open or shut by the place of the unit.
    """

    blocks = ("input", "forget", "candidate", "output")
    states = ("h", "c", NORMALIZER, "m")
    gates = ("forget", "output")

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """Those of an LSTM."""
        zeros = (0.0,) * hidden
        forget = (5 - 12 * (n / max(1, hidden - 1)) for n in range(hidden))
        bias = constants(*zeros, *forget, *zeros, *zeros)
        return super().parameters(inputs, hidden) | {"bias_ih": bias}

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """z (..., 4H), state (h, c, n, m) -> the same."""
        h, c, n, m = state
        xp = namespace(z)
        i, f, g, o = split(z + recur(weights, h), 4)
        before = xp.where(n > 0, m, EMPTY) - softplus(-f)
        m = xp.maximum(before, i)
        keep, weight = xp.exp(before - m), xp.exp(i - m)
        c, n, o = keep * c + weight * tanh(g), keep * n + weight, sigmoid(o)
        return (o * c / n, c, n, m), {"forget": sigmoid(f), "output": o}


class XLSTM(ScannedCell):
    """The layer with matrix memory (the paper's mLSTM): values are stored and found by keys.

    q, k, v, o = W u + b           query, key, value, output gate; q, k, v in up to 4 heads
    q, k = silu(conv(q, k))        over the last 4 steps, so that a key may tell what came before
    i, f = W_g u + b_g             two numbers a head, for gates exp(i) and sigmoid(f)
    C = sigmoid(f) C + exp(i) v k' / sqrt(d)       the memory (d, d) of each head
    n = sigmoid(f) n + exp(i) k / sqrt(d)          the sum of weighted keys
    y = C q / max(|n' q|, 1)                       what the query finds
    h = W_o (sigmoid(o) norm(y))                   the output; the norm is of each head

    The state `c` is C of all heads, row by row. `mlstm` is another cell, the multiplicative LSTM.
    """

    blocks = ("query", "key", "value", "output")
    states = ("h", "c", NORMALIZER, "m", "last", "second", "third")
    gates = ("output",)

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """`weight_gates` and `bias_gates` are those of i, then of f, by head."""
        every, heads = super().parameters(inputs, hidden), _heads(hidden)
        forget = (3 + 3 * (n + 0.5) / heads for n in range(heads))
        return {
            "weight_ih": every["weight_ih"],
            "bias_ih": every["bias_ih"],
            "weight_gates": matrix(2 * heads, inputs, Initial("constant"))._replace(role="other"),
            "bias_gates": constants(*(0.0,) * heads, *forget),
            "conv": vector(TAPS * 2 * hidden, Initial("normal", std=TAPS**-0.5)),
            "bias_conv": vector(2 * hidden),
            "scale": constants(*(1.0,) * hidden),
            "weight_out": matrix(hidden, hidden, XAVIER),
        }

    @classmethod
    def state_shapes(cls, hidden: int) -> tuple[tuple[int, ...], ...]:
        """A matrix and a number a head, beside vectors."""
        heads = _heads(hidden)
        past = ((2 * hidden,),) * (TAPS - 1)
        return (hidden,), (hidden * hidden // heads,), (hidden,), (heads,), *past

    @staticmethod
    def project(weights: Weights, x: Array) -> Array:
        """x (..., D) -> q, k, v, o and the gates i, f of each head (..., 4H + 2 heads)."""
        z = linear(x, weights["weight_ih"], weights["bias_ih"])
        gates = linear(x, weights["weight_gates"], weights["bias_gates"])
        return namespace(z).concat((z, gates), axis=-1)

    @classmethod
    def equations(
        cls, time: type[Time], weights: Weights, z: Array, state: State
    ) -> tuple[State, Gates]:
        """z (..., 4H + 2 heads), state (h, c (..., H d), n, m (..., heads), past) -> the same."""
        xp, (_, c, n, m, *past) = namespace(z), state
        hidden, heads = n.shape[-1], m.shape[-1]
        size = hidden // heads
        qk, rows = convolve(time, weights, z[..., : 2 * hidden], tuple(past))
        q, k = split(silu(qk), 2)
        v, o = split(z[..., 2 * hidden : 4 * hidden], 2)
        i, f = split(z[..., 4 * hidden :], 2)
        k = k * size**-0.5
        kept = -softplus(-f)
        largest = time.largest(kept, rectified(i), m)  # not below 0: the divisor is at least 1
        keep = xp.exp(time.before(largest, m) + kept - largest)
        weighted = repeat(xp.exp(i - largest), size) * k
        n = time.scan(repeat(keep, size), weighted, n)
        written = repeat(v, size) * repeat(weighted, size, size)
        c = time.scan(repeat(keep, size * size), written, c)
        found = group_sums(c * repeat(q, size, size), size)
        h = cls._read(weights, found, group_sums(n * q, size), largest, o)
        return (h, c, n, largest, *rows), {"output": sigmoid(o)}

    @classmethod
    def run(cls, weights: Weights, z: Array, state: State) -> tuple[Array, State]:
        """As step after step, but the memory is computed once a chunk, by products of matrices."""
        outputs = []
        for first in range(0, len(z), _CHUNK):
            y, state = cls._run_chunk(weights, z[first : first + _CHUNK], state)
            outputs.append(y)
        return namespace(z).concat(outputs), state

    @classmethod
    def _run_chunk(cls, weights: Weights, z: Array, state: State) -> tuple[Array, State]:
        """The steps of a chunk, each of which sees the others before it as attention would.

        Written out, C at step t is the sum over s <= t of exp(i_s + log f_s+1 + ... + log f_t)
        v_s k_s', and C before the chunk, likewise decayed. (T, B, ...) -> (T, B, H), the state.
        """
        xp, (_, c, n, m, *past) = namespace(z), state
        (steps, batch), (hidden, heads) = z.shape[:2], (n.shape[-1], m.shape[-1])
        size = hidden // heads

        def by_head(array: Array) -> Array:  # (T, B, heads d) -> (B, heads, T, d)
            array = xp.reshape(array, (steps, batch, heads, -1))
            return xp.permute_dims(array, (1, 2, 0, 3))

        qk, rows = convolve(AllSteps, weights, z[..., : 2 * hidden], tuple(past))
        q, k = split(silu(qk), 2)
        v, o = split(z[..., 2 * hidden : 4 * hidden], 2)
        i, f = split(z[..., 4 * hidden :], 2)
        largest = AllSteps.largest(-softplus(-f), rectified(i), m)
        q, k, v = by_head(q), by_head(k) * size**-0.5, by_head(v)
        decay = by_head(xp.cumulative_sum(-softplus(-f), axis=0))  # (B, heads, T, 1)
        top, m = by_head(largest), m[..., None, None]
        from_step = xp.matrix_transpose(by_head(i) - decay)
        order = xp.arange(steps, device=device(z))
        seen = order[:, None] >= order
        weight = xp.exp(xp.where(seen, decay - top + from_step, -math.inf))
        old = xp.exp(decay + m - top)
        scores = xp.matmul(q, xp.matrix_transpose(k)) * weight
        c = xp.reshape(c, (batch, heads, size, size))
        n = xp.reshape(n, (batch, heads, 1, size))
        found = xp.matmul(scores, v) + old * xp.matmul(q, xp.matrix_transpose(c))
        total = xp.sum(scores, axis=-1, keepdims=True) + old * xp.sum(q * n, axis=-1, keepdims=True)

        def in_order(array: Array) -> Array:  # (B, heads, T, d) -> (T, B, heads d)
            return xp.reshape(xp.permute_dims(array, (2, 0, 1, 3)), (steps, batch, -1))

        y = cls._read(weights, in_order(found), in_order(total), largest, o)
        last = xp.matrix_transpose(weight[..., -1:, :])  # the weights at the last step
        weighted, kept = last * k, old[..., -1:, :]
        c = kept * c + xp.matmul(xp.matrix_transpose(v), weighted)
        n = kept * n + xp.sum(weighted, axis=-2, keepdims=True)
        flat = xp.reshape(c, (batch, -1)), xp.reshape(n, (batch, hidden)), largest[-1]
        return y, (y[-1], *flat, *(row[-1] for row in rows))

    @staticmethod
    def _read(weights: Weights, found: Array, total: Array, m: Array, o: Array) -> Array:
        """C q (..., H), n' q and m (..., heads), the output gate's sum -> h (..., H)."""
        xp, heads = namespace(found), m.shape[-1]
        size = found.shape[-1] // heads
        divisor = xp.maximum(xp.abs(total), xp.exp(-m)) + 1e-6
        y = rms_norm(found / repeat(divisor, size), weights["scale"], heads)
        return linear(sigmoid(o) * y, weights["weight_out"])


def _heads(hidden: int) -> int:
    """4 or 2 heads where that divides the hidden size, else one."""
    return math.gcd(hidden, 4)
