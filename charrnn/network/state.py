"""The state of a network: per layer, per array of the cell's state, (B, H)."""

from collections.abc import Sequence

import torch
from torch import Tensor

LayerState = tuple[Tensor, ...]
State = tuple[LayerState, ...]


def detach_state(state: State) -> State:
    """The state without its history: here back-propagation through time is truncated."""
    return tuple(tuple(part.detach() for part in layer) for layer in state)


def slice_state(state: State, sequences: slice) -> State:
    """The state of some of the sequences."""
    return tuple(tuple(part[sequences] for part in layer) for layer in state)


def join_states(states: Sequence[State]) -> State:
    """The states of several slices of a batch, as one of the whole batch."""
    if len(states) == 1:
        return states[0]
    return tuple(
        tuple(torch.cat(parts) for parts in zip(*layers, strict=True))
        for layers in zip(*states, strict=True)
    )
