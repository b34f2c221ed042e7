"""Networks that write a text: an encoder reads the source, a decoder attends to what it found.

The first layer of the decoder asks the attention; its answer goes into all further layers and into
the output. So a decoder's layers run over a whole target at once while it is trained, whatever
their cell. Sutskever et al. 2014 (https://arxiv.org/abs/1409.3215) without attention; Bahdanau et
al. 2015 (https://arxiv.org/abs/1409.0473) additive, Luong et al. 2015
(https://arxiv.org/abs/1508.04025) dot product.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.cells import CELLS
from charrnn.network.layer import Layer
from charrnn.network.picture_encoder import encode_pictures
from charrnn.network.recurrent import RecurrentNetwork
from charrnn.network.state import State
from charrnn.network.text_encoder import encode, ends, inside


class Source(NamedTuple):
    """What an encoder found: outputs (S, B, F), which are there (S, B), a summary (B, F)."""

    outputs: Tensor
    inside: Tensor
    summary: Tensor


class EncoderDecoder(RecurrentNetwork):
    """Texts, or pictures, in; logits of the symbols of their targets out."""

    def forward(
        self,
        inputs: Tensor,
        lengths: Tensor | None,
        symbols: Tensor,
        masks: Sequence[Tensor] = (),
    ) -> Tensor:
        """Logits (T, B, K + 1) of what follows each of these symbols (T, B), the true ones.

        inputs: ids (S, B) of texts, or pictures (B, 1, height, width), or features (B, cells, D);
        lengths (B,) of the texts. Symbol 0 stands before a text, and ends it.
        """
        reading, writing = self._divided(masks)
        return self.write(self.read(inputs, lengths, reading), symbols, writing)

    def read(self, inputs: Tensor, lengths: Tensor | None, masks: Sequence[Tensor] = ()) -> Source:
        """Run the encoder."""
        if self.settings.task == "caption":
            outputs, summary = encode_pictures(self, inputs)
            everywhere = torch.ones(outputs.shape[:2], dtype=torch.bool, device=outputs.device)
            return Source(outputs, everywhere, summary)
        assert lengths is not None
        outputs = encode(self, inputs, lengths, masks)
        last = lengths[None] - 1
        summary = ends(outputs, torch.zeros_like(last), last, self.settings.hidden_size)[0]
        return Source(outputs, inside(lengths, len(inputs)), summary)

    def write(self, source: Source, symbols: Tensor, masks: Sequence[Tensor] = ()) -> Tensor:
        """Run the decoder over all symbols (T, B) -> logits (T, B, K + 1)."""
        x = F.embedding(symbols, self.get_parameter("decoder.embedding.weight"))
        state, context = self._first_state(source.summary), x[..., :0]
        layers = cast("list[Layer]", self.get_submodule("decoder").layers)
        for number, (layer, before, mask) in enumerate(zip_longest(layers, state, masks)):
            x, _ = layer(torch.cat([x, context], -1), before)
            x = x if mask is None else x * mask
            if number == 0:
                context = self._attend(source, x)
        weight, bias = self.get_parameter("head.weight"), self.get_parameter("head.bias")
        return F.linear(torch.cat([x, context], -1), weight, bias)

    def dropout_masks(self, batch_size: int) -> list[Tensor]:
        """As of any network, first of the encoder's layers, then of the decoder's (1, B, H)."""
        masks = super().dropout_masks(batch_size)
        ones = self.get_parameter("head.bias").new_ones(1, batch_size, self.settings.hidden_size)
        own = [F.dropout(ones, self.settings.dropout) for _ in masks]
        return own if self.settings.task == "caption" else [*masks, *own]

    def _divided(self, masks: Sequence[Tensor]) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """The masks of the encoder, those of the decoder."""
        encoder = max(0, len(masks) - self.settings.layers)
        return masks[:encoder], masks[encoder:]

    def _first_state(self, summary: Tensor) -> State:
        """The state of every layer before a text, from all that was read (B, F)."""
        weight = self.get_parameter("decoder.first_state.weight")
        flat = torch.tanh(F.linear(summary, weight, self.get_parameter("decoder.first_state.bias")))
        arrays = len(CELLS[self.settings.cell].states)
        parts = [part.contiguous() for part in flat.float().split(self.settings.hidden_size, -1)]
        return tuple(tuple(parts[first : first + arrays]) for first in range(0, len(parts), arrays))

    def _attend(self, source: Source, x: Tensor) -> Tensor:
        """What the first layer's outputs (T, B, H) find in the source (T, B, F)."""
        if self.settings.attention == "none":
            return source.summary.expand(len(x), -1, -1)
        weights = torch.softmax(self._scores(source, x).float(), 2).to(x.dtype)
        return torch.einsum("tbs,sbf->tbf", weights, source.outputs)

    def _scores(self, source: Source, x: Tensor) -> Tensor:
        """How well each place fits each step (T, B, S); -inf where there is none."""
        query = F.linear(x, self.get_parameter("attention.query"))
        if self.settings.attention == "dot":
            scores = torch.einsum("tbf,sbf->tbs", query, source.outputs)
            scores = scores * source.outputs.shape[-1] ** -0.5
        else:
            key = F.linear(source.outputs, self.get_parameter("attention.key"))
            score = self.get_parameter("attention.score")
            scores = torch.stack([torch.tanh(key + step) @ score for step in query]).mT
        return scores.masked_fill(~source.inside.T, -torch.inf)
