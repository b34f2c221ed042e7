"""The clockwork network: Koutnik et al. 2014, https://arxiv.org/abs/1402.3511."""

from array_api_compat import device

from charrnn.cells.base import Array, Cell, State, Weights, namespace, recur, tanh


class Clockwork(Cell):
    """An Elman network in modules, of which each is slower than the one before it.

    h = tanh(W x + U h + b)     for the units whose period divides the time; the others stay

    Module m works at every 2^m-th step, and hears from itself and from slower modules only. The
    second array of the state is the time.
    """

    gates = 1
    states = ("h", "time")
    modules = 6

    @classmethod
    def prepared(cls, weights: Weights) -> Weights:
        """U without what quicker modules would say, and each unit's period (H,)."""
        u = weights["weight_hh"]
        xp, size = namespace(u), u.shape[0]
        module = xp.arange(size, device=device(u)) * cls.modules // size
        heard = module[None, :] >= module[:, None]
        return {**weights, "weight_hh": u * heard, "period": 2**module}

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., H), state (h, time) -> (h, time)."""
        h, time = state
        due = time % weights["period"] == 0
        time = (time + 1) % 2 ** (cls.modules - 1)  # all periods divide this, and it stays exact
        return namespace(z).where(due, tanh(z + recur(weights, h)), h), time
