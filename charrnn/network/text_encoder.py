"""Recurrent layers over whole texts, in one or both directions.

Texts of several lengths are padded to one batch. The padding never changes a result: a layer reads
it last, in both directions, and what it makes of it is left out.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import cast

import torch
from torch import Tensor

from charrnn.network.layer import Layer
from charrnn.network.recurrent import RecurrentNetwork


def encode(
    network: RecurrentNetwork, ids: Tensor, lengths: Tensor, masks: Sequence[Tensor] = ()
) -> Tensor:
    """The last layer's outputs (T, B, F), those of both directions.

    ids (T, B), tokens (B,) of each text, masks from `dropout_masks`. A text has at least one token;
    what stands behind it in its column does not matter.
    """
    x = network.embed(ids)
    state, backwards = network.zero_state(ids.shape[1]), reversal(lengths, len(ids))
    for layer, zero, mask in zip_longest(network.recurrent_layers, state, masks):
        outputs, _ = layer(x, zero)
        if network.settings.bidirectional:
            reverse = cast("Layer", layer.get_submodule("reverse"))
            found, _ = reverse(_at(x, backwards), zero)
            outputs = torch.cat([outputs, _at(found, backwards)], -1)
        x = outputs if mask is None else outputs * mask
    return x


def inside(lengths: Tensor, steps: int) -> Tensor:
    """Whether each place (T, B) is within its text (B,)."""
    return torch.arange(steps, device=lengths.device)[:, None] < lengths


def reversal(lengths: Tensor, steps: int) -> Tensor:
    """The places (T, B) that read each text (B,) backwards, and leave its padding behind it."""
    places = torch.arange(steps, device=lengths.device)[:, None]
    return torch.where(places < lengths, lengths - 1 - places, places)


def _at(x: Tensor, places: Tensor) -> Tensor:
    """x (T, B, D) at these places (T, B)."""
    return x.gather(0, places[..., None].expand_as(x))


def ends(x: Tensor, first: Tensor, last: Tensor, hidden: int) -> Tensor:
    """What has read up to the ends of stretches: x (T, B, F), places (S, B) -> (S, B, F).

    Of each stretch the forward outputs at its last place, and the backward ones, behind the first
    `hidden`, at its first (Akbik et al. 2018, https://aclanthology.org/C18-1139).
    """
    forward, backward = x[..., :hidden], x[..., hidden:]
    found = forward.gather(0, last[..., None].expand(-1, -1, hidden))
    if not backward.shape[-1]:
        return found
    return torch.cat([found, backward.gather(0, first[..., None].expand(-1, -1, hidden))], -1)
