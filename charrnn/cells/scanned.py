"""Cells whose state does not enter their gates, so that all steps are computed at once.

Their equations are written once, on arrays of one step (..., K) or of all steps (T, ..., K). What
differs between the two is how a step gets to what was before it: `Time` has these three functions.
"""

from abc import abstractmethod

from charrnn.cells import functions
from charrnn.cells.arrays import Array, namespace
from charrnn.cells.base import GatedCell, Gates, State, Weights
from charrnn.cells.parameters import LAYERS, Initial, Parameter


class Time:
    """One step: what was before it is the state."""

    @staticmethod
    def scan(keep: Array, add: Array, h: Array) -> Array:
        """h = keep h + add."""
        return keep * h + add

    @staticmethod
    def before(values: Array, first: Array) -> Array:  # noqa: ARG004  (those of the step itself)
        """The values of the step before, which are `first` before the first step."""
        return first

    @staticmethod
    def largest(decay: Array, values: Array, m: Array) -> Array:
        """m = max(m + decay, values)."""
        return namespace(values).maximum(m + decay, values)


class AllSteps(Time):
    """The same for all steps of a sequence: arrays (T, ..., K), but the state (..., K)."""

    scan = staticmethod(functions.scan)

    @staticmethod
    def before(values: Array, first: Array) -> Array:
        """See `Time`."""
        return namespace(values).concat((first[None], values[:-1]))

    @staticmethod
    def largest(decay: Array, values: Array, m: Array) -> Array:
        """See `Time`. A loop, but of a sum and a comparison."""
        xp, found = namespace(values), []
        for step, value in zip(xp.broadcast_to(decay, values.shape), values, strict=True):
            m = xp.maximum(m + step, value)
            found.append(m)
        return xp.stack(found)


class ScannedCell(GatedCell):
    """A cell whose equations hold for one step and for all steps at once."""

    @classmethod
    @abstractmethod
    def equations(
        cls, time: type[Time], weights: Weights, z: Array, state: State
    ) -> tuple[State, Gates]:
        """z of a step or of all, the state before it -> its state or all states, the gates."""

    @classmethod
    def step_with_gates(cls, weights: Weights, z: Array, state: State) -> tuple[State, Gates]:
        """One step."""
        return cls.equations(Time, weights, z, state)

    @classmethod
    def run(cls, weights: Weights, z: Array, state: State) -> tuple[Array, State]:
        """All steps: z (T, B, ...) -> outputs (T, B, H), the state after the last."""
        states, _ = cls.equations(AllSteps, weights, z, state)
        return states[0], tuple(array[-1] for array in states)


TAPS = 4
"""Steps that a convolution over time sees."""
EMPTY = -1e30
"""The logarithm of the weight of nothing: its exp is 0, and EMPTY - EMPTY is no nan."""


def convolve(
    time: type[Time], weights: Weights, x: Array, past: State
) -> tuple[Array, tuple[Array, ...]]:
    """A causal convolution over the last 4 steps, of each unit by itself (depthwise).

    x (..., H), past: the rows of the last three steps, each (..., H) -> (..., H), the new past.
    `conv` (4H,) weighs this step first; `bias_conv` (H,).
    """
    size, rows = x.shape[-1], [x]
    for first in past:
        rows.append(time.before(rows[-1], first))
    taps = [weights["conv"][n * size : (n + 1) * size] for n in range(TAPS)]
    total = weights["bias_conv"] + taps[0] * rows[0]
    for tap, row in zip(taps[1:], rows[1:], strict=True):
        total = total + tap * row
    return total, tuple(rows[:-1])


def constants(*values: float) -> Parameter:
    """A vector that begins with these values, is updated by AdamW, and does not decay."""
    return Parameter((len(values),), Initial("values", values=values), group=LAYERS)
