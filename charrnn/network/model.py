"""The language model: embedding -> recurrent layers -> logits. State goes in and comes out.

A layer trains through torch's fused kernel of its cell's equations, where there is one, and
otherwise loops the cell's own `step` over time, on the same weights. State is an argument and a
result, so threads may share a network.
"""

from collections.abc import Sequence
from itertools import zip_longest

from torch import Tensor
from torch.nn import functional as F

from charrnn.network.recurrent import RecurrentNetwork
from charrnn.network.state import State


class CharRNN(RecurrentNetwork):
    """Token ids in, logits of the next token out."""

    def forward(
        self, ids: Tensor, state: State, masks: Sequence[Tensor] = ()
    ) -> tuple[Tensor, State]:
        """ids (T, B), state, masks from `dropout_masks` -> logits (T, B, V), state."""
        x = self.embed(ids)
        after = []
        for layer, before, mask in zip_longest(self.layers, state, masks):
            x, layer_state = layer(x, before)
            after.append(layer_state)
            if mask is not None:
                x = x * mask
        return self.logits(x), tuple(after)

    def logits(self, x: Tensor) -> Tensor:
        """Outputs of the last layer (..., H) -> logits (..., V)."""
        if self.settings.tie_weights:  # unit-variance rows: scaled to start with small logits
            weight = self.get_parameter("embedding.weight") * self.settings.hidden_size**-0.5
        else:
            weight = self.get_parameter("head.weight")
        return F.linear(x, weight, self.get_parameter("head.bias"))
