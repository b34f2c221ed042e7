"""The network for labels: embedding -> recurrent layers -> mean and maximum -> logits.

Texts of several lengths are padded to one batch. The padding never changes a result: a layer reads
it last, in both directions, and what it makes of it is left out.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.network.layer import Layer
from charrnn.network.recurrent import RecurrentNetwork


class TextClassifier(RecurrentNetwork):
    """Texts in, logits of their labels out."""

    def forward(self, ids: Tensor, lengths: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """ids (T, B), tokens (B,) of each text, masks from `dropout_masks` -> logits (B, labels).

        A text has at least one token; what stands behind it in its column does not matter.
        """
        outputs = self.encode(ids, lengths, masks)
        outside = (torch.arange(len(ids), device=ids.device)[:, None] >= lengths)[..., None]
        mean = outputs.masked_fill(outside, 0).sum(0) / lengths[:, None]
        largest = outputs.masked_fill(outside, -torch.inf).amax(0)
        weight, bias = self.get_parameter("head.weight"), self.get_parameter("head.bias")
        return F.linear(torch.cat([mean, largest], -1), weight, bias)

    def encode(self, ids: Tensor, lengths: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """As `forward` -> the last layer's outputs (T, B, H), those of both directions."""
        x = self.embed(ids)
        state, backwards = self.zero_state(ids.shape[1]), reversal(lengths, len(ids))
        for layer, zero, mask in zip_longest(self.recurrent_layers, state, masks):
            outputs, _ = layer(x, zero)
            if self.settings.bidirectional:
                reverse = cast("Layer", layer.get_submodule("reverse"))
                found, _ = reverse(_at(x, backwards), zero)
                outputs = torch.cat([outputs, _at(found, backwards)], -1)
            x = outputs if mask is None else outputs * mask
        return x


def reversal(lengths: Tensor, steps: int) -> Tensor:
    """The places (T, B) that read each text (B,) backwards, and leave its padding behind it."""
    places = torch.arange(steps, device=lengths.device)[:, None]
    return torch.where(places < lengths, lengths - 1 - places, places)


def _at(x: Tensor, places: Tensor) -> Tensor:
    """x (T, B, D) at these places (T, B)."""
    return x.gather(0, places[..., None].expand_as(x))
