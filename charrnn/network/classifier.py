"""The network for labels: embedding -> recurrent layers -> mean and maximum -> logits."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.network.recurrent import RecurrentNetwork
from charrnn.network.text_encoder import encode, inside


class TextClassifier(RecurrentNetwork):
    """Texts in, logits of their labels out."""

    def forward(self, ids: Tensor, lengths: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """ids (T, B), tokens (B,) of each text, masks from `dropout_masks` -> logits (B, labels).

        A text has at least one token; what stands behind it in its column does not matter.
        """
        outputs = encode(self, ids, lengths, masks)
        outside = ~inside(lengths, len(ids))[..., None]
        mean = outputs.masked_fill(outside, 0).sum(0) / lengths[:, None]
        largest = outputs.masked_fill(outside, -torch.inf).amax(0)
        weight, bias = self.get_parameter("head.weight"), self.get_parameter("head.bias")
        return F.linear(torch.cat([mean, largest], -1), weight, bias)
