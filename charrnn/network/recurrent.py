"""What all networks have in common: an embedding, recurrent layers, a head, named parameters."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from charrnn.cells import CELLS
from charrnn.network.layer import Layer
from charrnn.network.state import State
from charrnn.settings import ModelSettings
from charrnn.storage.layout import parameter_shapes


class RecurrentNetwork(nn.Module):
    """Token ids in, logits out. Its parameters' names are a checkpoint's."""

    def __init__(
        self,
        settings: ModelSettings,
        vocabulary_size: int,
        labels: int | None = None,
        *,
        fused: bool = True,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.vocabulary_size = vocabulary_size
        shapes = parameter_shapes(settings, vocabulary_size, labels)
        self.head, self.embedding = nn.Module(), nn.Module()
        for name, shape in shapes.items():
            module, _, parameter = name.rpartition(".")
            if module in ("head", "embedding"):
                weight = nn.Parameter(torch.empty(shape))
                self.get_submodule(module).register_parameter(parameter, weight)
        self._reset_embedding()
        cell, hidden = CELLS[settings.cell], settings.hidden_size
        inputs = [shapes[f"layers.{n}.weight_ih"][1] for n in range(settings.layers)]
        self.layers = nn.ModuleList(Layer(cell, d, hidden, fused=fused) for d in inputs)
        if settings.bidirectional:
            for layer, size in zip(self.recurrent_layers, inputs, strict=True):
                layer.add_module("reverse", Layer(cell, size, hidden, fused=fused))
        self._reset_head()
        if settings.init != "orthogonal":
            self._reset_all()

    def _reset_embedding(self) -> None:
        if not self.settings.one_hot:
            nn.init.normal_(self.get_parameter("embedding.weight"))  # unit variance

    def _reset_head(self) -> None:
        nn.init.zeros_(self.get_parameter("head.bias"))
        if not self.settings.tie_weights:
            nn.init.xavier_uniform_(self.get_parameter("head.weight"))

    @torch.no_grad()
    def _reset_all(self) -> None:
        """As char-rnn (uniform to 0.08) or min-char-rnn (normal, 0.01; biases 0) start."""
        for parameter in self.parameters():
            if self.settings.init == "uniform":
                nn.init.uniform_(parameter, -0.08, 0.08)
            elif parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.01)
            else:
                nn.init.zeros_(parameter)
        for layer in self.modules():
            if isinstance(layer, Layer):
                layer.set_biases()

    @property
    def recurrent_layers(self) -> list[Layer]:
        """The layers, the first one first."""
        return [layer for layer in self.layers if isinstance(layer, Layer)]

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.get_parameter("head.bias").device

    def zero_state(self, batch_size: int) -> State:
        """The state of every layer before a text: zeros."""
        zeros = self.get_parameter("head.bias").new_zeros
        arrays = CELLS[self.settings.cell].states
        hidden = self.settings.hidden_size
        return tuple(tuple(zeros(batch_size, hidden) for _ in arrays) for _ in self.layers)

    def embed(self, ids: Tensor) -> Tensor:
        """ids (T, B) -> the first layer's inputs (T, B, D)."""
        if self.settings.one_hot:
            bias = self.get_parameter("head.bias")
            return F.one_hot(ids, self.vocabulary_size).to(bias.dtype)
        return F.embedding(ids, self.get_parameter("embedding.weight"))

    def dropout_masks(self, batch_size: int) -> list[Tensor]:
        """A mask (1, B, H) per layer: the same units are dropped at every step of a sequence.

        H counts the units of both directions, if there are two. Gal and Ghahramani 2016,
        https://arxiv.org/abs/1512.05287. Empty where dropout is 0.
        """
        rate, bias = self.settings.dropout, self.get_parameter("head.bias")
        ones = bias.new_ones(1, batch_size, self.settings.outputs)
        return [F.dropout(ones, rate) for _ in self.layers] if rate else []

    def export(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the parameters as NumPy arrays, by name."""
        return {name: p.detach().cpu().numpy().copy() for name, p in self.named_parameters()}

    @torch.no_grad()
    def load(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Copy the parameters that `export` gave. Their names and shapes must fit."""
        for name, parameter in self.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))
