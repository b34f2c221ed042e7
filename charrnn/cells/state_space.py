"""Layers that keep a decaying memory of what a short convolution has seen: Griffin's and Mamba's.

Both are a whole layer of their paper, without its normalization and residual connection, which
`--residual` adds. The convolution sees four steps; what it saw of the last three is state.
"""

import math
from typing import ClassVar

from charrnn.cells.arrays import Array, linear, namespace, rectified, sigmoid, split, tanh
from charrnn.cells.base import Gates, State, Weights, matrix, vector
from charrnn.cells.functions import group_sums, repeat, silu, softplus
from charrnn.cells.parameters import XAVIER, Initial, Parameters
from charrnn.cells.scanned import TAPS, ScannedCell, Time, constants, convolve

_LEAST = 1e-6  # of -log a: at 0 the root of 1 - a^2 has no slope


class _Convolved(ScannedCell):
    """What both have: a candidate, which is convolved, a gate of the output, a last product."""

    blocks = ("candidate", "show")
    states: ClassVar[tuple[str, ...]] = ("h", "c", "last", "second", "third")

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """The convolution's and the output's, beside `weight_ih` and `bias_ih`."""
        every = super().parameters(inputs, hidden)
        return {
            "weight_ih": every["weight_ih"],
            "bias_ih": every["bias_ih"],
            "conv": vector(TAPS * hidden, Initial("normal", std=TAPS**-0.5)),
            "bias_conv": vector(hidden),
            "weight_out": matrix(hidden, hidden, XAVIER),
        }


class RGLRU(_Convolved):
    """A real-gated linear recurrent unit, in the recurrent block of Griffin and Hawk.

    x = conv(W_c u + b_c)                          over the last 4 steps
    r = sigmoid(W_r x + b_r)                       recurrence gate: how fast to forget
    i = sigmoid(W_i x + b_i)                       input gate
    a = exp(-8 r softplus(L))                      how much of the memory to keep; L (H,) is learned
    c = a c + sqrt(1 - a^2) i x                    the memory
    h = W_o (c gelu(W_s u + b_s))                  the output

    De et al. 2024, https://arxiv.org/abs/2402.19427, with gates of one head.
    """

    gates = ("recurrence", "input")

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """`decay` is L: at an open recurrence gate, a is 0.43 to 0.99."""
        kept = (0.81 + (0.998001 - 0.81) * (n + 0.5) / hidden for n in range(hidden))
        return super().parameters(inputs, hidden) | {
            "weight_gates": matrix(2 * hidden, hidden, Initial("xavier", hidden)),
            "bias_gates": vector(2 * hidden),
            "decay": constants(*(math.log(math.expm1(-0.5 * math.log(a))) for a in kept)),
        }

    @classmethod
    def prepare(cls, weights: Weights) -> Weights:
        """`decay` as softplus(L)."""
        return {**weights, "decay": softplus(weights["decay"])}

    @classmethod
    def equations(
        cls, time: type[Time], weights: Weights, z: Array, state: State
    ) -> tuple[State, Gates]:
        """z (..., 2H), state (h, c, rows of the last three steps) -> the same."""
        xp, (x, show) = namespace(z), split(z, 2)
        x, past = convolve(time, weights, x, state[2:])
        gates = sigmoid(linear(x, weights["weight_gates"], weights["bias_gates"]))
        r, i = split(gates, 2)
        log = -_LEAST - rectified(8 * r * weights["decay"] - _LEAST)
        t = tanh(log)  # 1 - a^2 = -2 t / (1 - t), exactly also where a is nearly 1
        c = time.scan(xp.exp(log), xp.sqrt(-2 * t / (1 - t)) * i * x, state[1])
        h = linear(c * _gelu(show), weights["weight_out"])
        return (h, c, *past), {"recurrence": r, "input": i}


class Mamba(_Convolved):
    """A selective state space: N numbers of memory for each unit, which decay at N speeds.

    x = silu(conv(W_c u + b_c))                    over the last 4 steps
    d, B, C = W_x x                                d (H / 16,), B and C (N,)
    t = softplus(W_t d + b_t)                      (H,): how long this step lasts
    s = exp(-t exp(A)) s + t x B'                  the memory (H, N); A (H, N) is learned
    h = W_o ((s C + D x) silu(W_s u + b_s))        the output

    Gu and Dao 2023, https://arxiv.org/abs/2312.00752, with N of 8 and as many units inside as
    outside. `c` of the state is s, row by row.
    """

    size: ClassVar[int] = 8  # N
    warm_up: ClassVar[int] = 1024  # after 60 s of training 256 moved the loss by 0.002 bits

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """`log_decay` is A, `skip` is D; the steps begin between 0.001 and 0.1 long."""
        rank = -(-hidden // 16)
        steps = (0.001 * 100 ** ((n + 0.5) / hidden) for n in range(hidden))
        decay = tuple(math.log(n + 1) for n in range(cls.size))
        return super().parameters(inputs, hidden) | {
            "weight_select": matrix(rank + 2 * cls.size, hidden, XAVIER)._replace(role="other"),
            "weight_step": matrix(hidden, rank, XAVIER)._replace(role="other"),
            "bias_step": constants(*(t + math.log(-math.expm1(-t)) for t in steps)),
            "log_decay": constants(*(decay * hidden)),
            "skip": constants(*(1.0,) * hidden),
        }

    @classmethod
    def state_shapes(cls, hidden: int) -> tuple[tuple[int, ...], ...]:
        """N numbers a unit in `c`."""
        return ((hidden,), (hidden * cls.size,), *((hidden,),) * 3)

    @classmethod
    def prepare(cls, weights: Weights) -> Weights:
        """With `decay`, -exp(A)."""
        log = weights["log_decay"]
        return {**weights, "decay": -namespace(log).exp(log)}

    @classmethod
    def equations(
        cls, time: type[Time], weights: Weights, z: Array, state: State
    ) -> tuple[State, Gates]:
        """z (..., 2H), state (h, c (..., H N), rows of the last three steps) -> the same."""
        x, show = split(z, 2)
        x, past = convolve(time, weights, x, state[2:])
        x, n, hidden = silu(x), cls.size, x.shape[-1]
        selected = linear(x, weights["weight_select"])
        rank = selected.shape[-1] - 2 * n
        low, b, c = selected[..., :rank], selected[..., rank:-n], selected[..., -n:]
        t = softplus(linear(low, weights["weight_step"], weights["bias_step"]))
        keep = namespace(z).exp(repeat(t, n) * weights["decay"])
        s = time.scan(keep, repeat(t * x, n) * repeat(b, hidden, n), state[1])
        y = group_sums(s * repeat(c, hidden, n), n) + weights["skip"] * x
        return (linear(y * silu(show), weights["weight_out"]), s, *past), {}


def _gelu(x: Array) -> Array:
    """The Gaussian error linear unit, as Griffin approximates it."""
    return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
