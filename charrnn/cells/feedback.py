"""Networks whose output is fed back, and networks in which every unit sees every other.

Jordan 1986, "Serial order: a parallel distributed processing approach",
https://doi.org/10.1016/S0166-4115(97)80111-2; the fully recurrent network: Williams and Zipser
1989, https://doi.org/10.1162/neco.1989.1.2.270.
"""

from charrnn.cells.base import Array, Cell, Shapes, State, Weights, linear, namespace, split, tanh


class Jordan(Cell):
    """The network remembers its output, not its hidden units.

    h = tanh(W x + U y + b)      the hidden units
    y = tanh(V h + c)            the output, and the state

    Without the trace of earlier outputs that Jordan's own state units keep.
    """

    blocks = 1

    @classmethod
    def shapes(cls, inputs: int, hidden: int) -> Shapes:
        """Those of an Elman network, and the output's."""
        return super().shapes(inputs, hidden) | {
            "weight_ho": (hidden, hidden),
            "bias_ho": (hidden,),
        }

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., H), state (y,) -> (y,)."""
        h = tanh(z + linear(state[0], weights["weight_hh"], weights["bias_hh"]))
        return (tanh(linear(h, weights["weight_ho"], weights["bias_ho"])),)


class Full(Cell):
    """Hidden and output units, all of them connected to all of them.

    [y, h] = tanh(W x + U [y, h] + b)
    """

    blocks = 2
    states = ("y", "h")

    @classmethod
    def shapes(cls, inputs: int, hidden: int) -> Shapes:
        """Twice the units of an Elman network; the first half of them is the output."""
        return super().shapes(inputs, hidden) | {"weight_hh": (2 * hidden, 2 * hidden)}

    @classmethod
    def step(cls, weights: Weights, z: Array, state: State) -> State:
        """z (..., 2H), state (y, h) -> (y, h)."""
        before = namespace(z).concat(state, axis=-1)
        y, h = split(tanh(z + linear(before, weights["weight_hh"], weights["bias_hh"])), 2)
        return y, h
