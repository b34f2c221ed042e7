"""Recurrent layers over whole sequences, in one or both directions.

Sequences of several lengths are padded to one batch. The padding never changes a result: a layer
reads it last, in both directions, and what it makes of it is masked.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from array_api_compat import device

from charrnn.cells.arrays import Array, namespace, rows
from charrnn.cells.parameters import Parameters
from charrnn.network.layers import stack, stack_parameters, zero_state
from charrnn.network.residual import add, enter, leave
from charrnn.settings import ModelSettings


class RecurrentEncoder:
    """What follows the inputs x (S, B, D) of the first layer: outputs (S, B, F) of the last.

    F counts the units of both directions.
    """

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Array]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.weights = settings, weights
        self.layers = stack(settings, weights)
        self.reverse = (
            stack(settings, weights, direction="reverse.") if settings.bidirectional else []
        )

    @staticmethod
    def layer_parameters(settings: ModelSettings, inputs: int) -> Parameters:
        """The parameters of all layers, of which the first has so many inputs (D)."""
        return stack_parameters(settings, [inputs] + [settings.outputs] * (settings.layers - 1))

    @property
    def dropout_sizes(self) -> list[int]:
        """The outputs that dropout may drop, by layer."""
        return [self.settings.outputs] * len(self.layers)

    def read(self, x: Array, lengths: Array, masks: Sequence[Array]) -> tuple[Array, Array]:
        """x (S, B, D), lengths (B,) of at least 1, dropout masks -> outputs (S, B, F), mask (S, B).

        The mask says which positions are within a sequence.
        """
        like = self.layers[0].weights["weight_ih"]
        state = zero_state(self.settings, like, x.shape[1])
        mask, backwards = within(lengths, len(x)), reversal(lengths, len(x))
        x = enter(self.settings, self.weights, x)
        for layer, reverse, zero, drop in zip_longest(self.layers, self.reverse, state, masks):
            outputs, _ = layer.run(x, zero)
            if reverse is not None:
                read_backwards, _ = reverse.run(gather(x, backwards), zero)
                outputs = namespace(x).concat((outputs, gather(read_backwards, backwards)), axis=-1)
            x = add(self.settings, x, outputs, drop)
        return leave(self.settings, self.weights, x), mask

    def summary(self, outputs: Array, mask: Array) -> Array:
        """The states (B, F) at both ends, where each direction has read all of a sequence."""
        last = mask.sum(0)[None] - 1
        return boundary_states(outputs, last * 0, last, self.settings.hidden_size)[0]


def within(lengths: Array, steps: int) -> Array:
    """The mask (S, B) of the positions within sequences of these lengths (B,)."""
    return positions(lengths, steps) < lengths


def positions(like: Array, steps: int) -> Array:
    """0, 1, ... (S, 1), in the library of another array."""
    return namespace(like).arange(steps, device=device(like))[:, None]


def reversal(lengths: Array, steps: int) -> Array:
    """The indices (S, B) that read sequences (B,) backwards; their padding stays behind them."""
    steps_before = positions(lengths, steps)
    reversed_steps = lengths - 1 - steps_before
    return namespace(lengths).where(steps_before < lengths, reversed_steps, steps_before)


def gather(x: Array, indices: Array) -> Array:
    """x (S, B, F) at these indices (N, B) -> (N, B, F), as rows of (S B, F): torch is fast so."""
    xp, (_, batch, size) = namespace(x), x.shape
    columns = xp.arange(batch, device=device(x))
    return rows(xp.reshape(x, (-1, size)), indices * batch + columns)


def boundary_states(x: Array, first: Array, last: Array, hidden: int) -> Array:
    """The states at the boundaries of spans: x (S, B, F), indices (N, B) -> (N, B, F).

    Of each span the forward outputs at its last position, and the backward ones, behind the first
    `hidden`, at its first (Akbik et al. 2018, https://aclanthology.org/C18-1139).
    """
    forward = gather(x[..., :hidden], last)
    if x.shape[-1] == hidden:
        return forward
    return namespace(x).concat((forward, gather(x[..., hidden:], first)), axis=-1)
