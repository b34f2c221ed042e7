"""RWKV: a weighted mean of all values so far, computed with a state of fixed size."""

from charrnn.cells.arrays import (
    Array,
    linear,
    namespace,
    rectified,
    sigmoid,
    split,
)
from charrnn.cells.base import NORMALIZER, Gates, State, Weights, matrix
from charrnn.cells.functions import rms_norm
from charrnn.cells.parameters import XAVIER, Initial, Parameters
from charrnn.cells.scanned import EMPTY, ScannedCell, Time, constants

_WIDER = 4  # times the hidden size, in channel mixing


class RWKV(ScannedCell):
    """Time mixing and channel mixing of RWKV-4. u' is the u of the step before: a token shift.

    k = W_k (m_k u + (1 - m_k) u') + b_k           the key, a logarithm; v and r likewise
    w = the mean of all v so far, each weighted by exp(k + steps since then * -exp(decay)),
        and the v of this step by exp(k + bonus)
    y = W_o (sigmoid(r) w)                         what time mixing gives
    x = norm(y)                                    and what goes into channel mixing:
    h = y + sigmoid(R (m_r x + (1 - m_r) x')) (V max(0, K (m_k x + (1 - m_k) x'))^2)

    Peng et al. 2023, https://arxiv.org/abs/2305.13048. The sums a and n of weighted values and of
    weights are kept divided by exp(m), or they would overflow.
    """

    blocks = ("key", "value", "receptance")
    states = ("h", "a", NORMALIZER, "m", "last", "mixed")
    gates = ("receptance",)

    @classmethod
    def parameters(cls, inputs: int, hidden: int) -> Parameters:
        """`mix` (3 D) has the shares of u in k, v and r; `channel_mix` (2 H) those of x."""
        every = super().parameters(inputs, hidden)
        places, units = _from_0_to_1(inputs), _from_0_to_1(hidden)
        shares = (
            [n**0.5 for n in places],
            [n**0.5 + 0.15 for n in places],
            [n**0.25 for n in places],
        )
        in_channels = [n**0.5 for n in units]
        wider = _WIDER * hidden
        return {
            "weight_ih": every["weight_ih"],
            "bias_ih": every["bias_ih"],
            "mix": constants(*shares[0], *shares[1], *shares[2]),
            "decay": constants(*(-5 + 8 * n**1.35 for n in units)),
            "bonus": constants(*(-1.2 + 0.5 * ((n + 1) % 3 - 1) for n in range(hidden))),
            "weight_out": matrix(hidden, hidden, XAVIER),
            "scale": constants(*(1.0,) * hidden),
            "channel_mix": constants(*in_channels, *in_channels),
            "weight_key": matrix(wider, hidden, Initial("xavier", hidden)),
            "weight_receptance": matrix(hidden, hidden, XAVIER),
            "weight_value": matrix(hidden, wider, XAVIER),
        }

    @classmethod
    def state_shapes(cls, hidden: int) -> tuple[tuple[int, ...], ...]:
        """`last` has what the step before gives to k, v and r."""
        return (*((hidden,),) * 4, (3 * hidden,), (hidden,))

    @classmethod
    def prepare(cls, weights: Weights) -> Weights:
        """Projections of u, then of the next step's u', by one matrix (6H, D)."""
        w, bias, log = weights["weight_ih"], weights["bias_ih"], weights["decay"]
        xp, (rows, inputs) = namespace(w), w.shape
        blocks = xp.reshape(w, (3, rows // 3, inputs))
        now = xp.reshape(blocks * xp.reshape(weights["mix"], (3, 1, inputs)), w.shape)
        return {
            **weights,
            "weight_ih": xp.concat((now, w - now)),
            "bias_ih": xp.concat((bias, xp.zeros_like(bias))),
            "decay": -xp.exp(log),
        }

    @classmethod
    def equations(
        cls, time: type[Time], weights: Weights, z: Array, state: State
    ) -> tuple[State, Gates]:
        """z (..., 6H), state (h, a, n, m, last (..., 3H), mixed) -> the same."""
        _, *sums, last, mixed = state
        now, later = split(z, 2)
        k, v, r = split(now + time.before(later, last), 3)
        mean, sums = _weighted_mean(time, weights, k, v, sums)
        r = sigmoid(r)
        y = linear(r * mean, weights["weight_out"])
        x = rms_norm(y, weights["scale"])
        h = y + _channel_mixing(weights, x, time.before(x, mixed))
        return (h, *sums, later, x), {"receptance": r}


def _weighted_mean(
    time: type[Time], weights: Weights, k: Array, v: Array, sums: list[Array]
) -> tuple[Array, list[Array]]:
    """Keys and values (..., H), (a, n, m) before -> RWKV's WKV (..., H), (a, n, m) after."""
    xp, decay, bonus = namespace(k), weights["decay"], weights["bonus"]
    a, n, m = sums
    m = xp.where(n > 0, m, EMPTY)
    largest = time.largest(decay, k, m)
    before = time.before(largest, m)
    keep, weight = xp.exp(before + decay - largest), xp.exp(k - largest)
    after = time.scan(keep, weight * v, a), time.scan(keep, weight, n)
    top = xp.maximum(before, k + bonus)
    old, new = xp.exp(before - top), xp.exp(k + bonus - top)
    total = old * time.before(after[0], a) + new * v
    return total / (old * time.before(after[1], n) + new), [*after, largest]


def _channel_mixing(weights: Weights, x: Array, before: Array) -> Array:
    """x and that of the step before (..., H) -> what channel mixing adds (..., H)."""
    mix_k, mix_r = split(weights["channel_mix"], 2)
    change = x - before
    k = rectified(linear(before + mix_k * change, weights["weight_key"]))
    r = sigmoid(linear(before + mix_r * change, weights["weight_receptance"]))
    return r * linear(k * k, weights["weight_value"])


def _from_0_to_1(count: int) -> list[float]:
    return [n / max(1, count - 1) for n in range(count)]
