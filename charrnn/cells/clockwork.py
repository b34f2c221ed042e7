"""The clockwork network: Koutnik et al. 2014, https://arxiv.org/abs/1402.3511."""

from array_api_compat import device

from charrnn.cells.arrays import Array, namespace, tanh
from charrnn.cells.base import CLOCK, Cell, State, Weights, recur

_MODULES = 6


class Clockwork(Cell):
    """An Elman network in modules, each of which is slower than the one before it.

    h = tanh(W x + U h + b)     for the units whose period divides the time; others stay

    Module m works at every 2^m-th step, and sees only itself and slower modules. The second array
    of the state is the time.
    """

    blocks = 1
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
