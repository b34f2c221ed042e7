"""Recurrent layers over whole texts, in one or both directions.

Texts of several lengths are padded to one batch. The padding never changes a result: a layer reads
it last, in both directions, and what it makes of it is masked.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from array_api_compat import device

from charrnn.cells.arrays import Array, namespace
from charrnn.cells.parameters import Parameters
from charrnn.network.language_model import embed, embedding_parameters
from charrnn.network.layers import stack, stack_parameters, zero_state
from charrnn.settings import ModelSettings


class TextEncoder:
    """Token ids (S, B) in, outputs (S, B, F) out: F counts the units of both directions."""

    def __init__(self, settings: ModelSettings, weights: Mapping[str, Array]) -> None:
        """`weights` by their names in a checkpoint."""
        self.settings, self.weights = settings, weights
        self.layers = stack(settings, weights)
        self.reverse = (
            stack(settings, weights, direction="reverse.") if settings.bidirectional else []
        )

    @staticmethod
    def parameters(settings: ModelSettings, vocabulary_size: int) -> Parameters:
        """Every parameter by its name in a checkpoint."""
        inputs = vocabulary_size if settings.one_hot else settings.embedding_size
        sizes = [inputs] + [settings.outputs] * (settings.layers - 1)
        return {
            **embedding_parameters(settings, vocabulary_size),
            **stack_parameters(settings, sizes),
        }

    @property
    def dropout_sizes(self) -> list[int]:
        """The outputs that dropout may drop, by layer."""
        return [self.settings.outputs] * len(self.layers)

    def encode(
        self, ids: Array, lengths: Array, masks: Sequence[Array] = ()
    ) -> tuple[Array, Array]:
        """ids (S, B), lengths (B,) of at least 1, dropout masks -> outputs (S, B, F), mask (S, B).

        The mask says which positions are within a text.
        """
        x = embed(self.settings, self.weights, ids)
        like = self.layers[0].weights["weight_ih"]
        state = zero_state(self.settings, like, ids.shape[1])
        mask, backwards = within(lengths, len(ids)), reversal(lengths, len(ids))
        for layer, reverse, zero, drop in zip_longest(self.layers, self.reverse, state, masks):
            outputs, _ = layer.run(x, zero)
            if reverse is not None:
                read_backwards, _ = reverse.run(gather(x, backwards), zero)
                outputs = namespace(x).concat((outputs, gather(read_backwards, backwards)), axis=-1)
            x = outputs if drop is None else outputs * drop
        return x, mask

    def summary(self, outputs: Array, mask: Array) -> Array:
        """The states (B, F) at the ends of each text, where each direction has read all of it."""
        last = mask.sum(0)[None] - 1
        return boundary_states(outputs, last * 0, last, self.settings.hidden_size)[0]


def within(lengths: Array, steps: int) -> Array:
    """The mask (S, B) of the positions within each text (B,)."""
    return positions(lengths, steps) < lengths


def positions(like: Array, steps: int) -> Array:
    """0, 1, ... (S, 1), in the library of another array."""
    return namespace(like).arange(steps, device=device(like))[:, None]


def reversal(lengths: Array, steps: int) -> Array:
    """The indices (S, B) that read each text (B,) backwards, and leave its padding behind it."""
    steps_before = positions(lengths, steps)
    reversed_steps = lengths - 1 - steps_before
    return namespace(lengths).where(steps_before < lengths, reversed_steps, steps_before)


def gather(x: Array, indices: Array) -> Array:
    """x (S, B, F) at these indices (N, B) -> (N, B, F)."""
    return namespace(x).take_along_axis(x, indices[..., None], axis=0)


def boundary_states(x: Array, first: Array, last: Array, hidden: int) -> Array:
    """The states at the boundaries of spans: x (S, B, F), indices (N, B) -> (N, B, F).

    Of each span the forward outputs at its last position, and the backward ones, behind the first
    `hidden`, at its first (Akbik et al. 2018, https://aclanthology.org/C18-1139).
    """
    forward = gather(x[..., :hidden], last)
    if x.shape[-1] == hidden:
        return forward
    return namespace(x).concat((forward, gather(x[..., hidden:], first)), axis=-1)
