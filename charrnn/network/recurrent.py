"""What all networks have in common: an embedding, recurrent layers, a head, named parameters."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from charrnn.cells import CELLS
from charrnn.network.layer import Layer
from charrnn.network.state import State
from charrnn.settings import ModelSettings
from charrnn.storage.layout import Shapes, parameter_shapes


class RecurrentNetwork(nn.Module):
    """Token ids in, logits out. Its parameters' names are a checkpoint's."""

    def __init__(
        self,
        settings: ModelSettings,
        vocabulary_size: int,
        labels: int | None = None,
        input_shape: tuple[int, ...] = (),
        *,
        fused: bool = True,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.vocabulary_size = vocabulary_size
        shapes = parameter_shapes(settings, vocabulary_size, labels, input_shape)
        self.head, self.embedding = nn.Module(), nn.Module()
        others = {name: shape for name, shape in shapes.items() if "layers." not in name}
        for name, shape in others.items():
            _register(self, name, nn.Parameter(torch.empty(shape)))
        if "embedding.weight" in others:
            nn.init.normal_(self.get_parameter("embedding.weight"))  # unit variance
        self.layers = self._stack("layers", shapes, fused)
        if settings.bidirectional:
            for number, layer in enumerate(self.layers):
                inputs = shapes[f"layers.{number}.weight_ih"][1]
                layer.add_module("reverse", self._layer(inputs, fused))
        _reset(self, [name for name in others if name != "embedding.weight"])
        if "decoder.layers.0.weight_ih" in shapes:
            self.get_submodule("decoder").layers = self._stack("decoder.layers", shapes, fused)
        if settings.init != "orthogonal":
            self._reset_all()

    def _layer(self, inputs: int, fused: bool) -> Layer:
        return Layer(CELLS[self.settings.cell], inputs, self.settings.hidden_size, fused=fused)

    def _stack(self, prefix: str, shapes: Shapes, fused: bool) -> nn.ModuleList:
        """The recurrent layers of that name, which may be none."""
        names = [f"{prefix}.{number}.weight_ih" for number in range(self.settings.layers)]
        inputs = [shapes[name][1] for name in names if name in shapes]
        return nn.ModuleList(self._layer(size, fused) for size in inputs)

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


def _register(network: nn.Module, name: str, parameter: nn.Parameter) -> None:
    """Make it the network's parameter of that dotted name."""
    *modules, last = name.split(".")
    for module in modules:
        if not hasattr(network, module):
            network.add_module(module, nn.Module())
        network = network.get_submodule(module)
    network.register_parameter(last, parameter)


def _reset(network: nn.Module, names: Sequence[str]) -> None:
    """Embeddings of unit variance, Xavier weights, biases and vectors of zeros."""
    for name in names:
        parameter = network.get_parameter(name)
        if name.endswith(("embedding.weight", "attention.score")):
            nn.init.normal_(parameter)
        elif parameter.dim() > 2:
            nn.init.kaiming_normal_(parameter, nonlinearity="relu")
        elif parameter.dim() == 2 and not name.startswith(("crf.", "encoder.positions")):
            nn.init.xavier_uniform_(parameter)
        else:
            nn.init.zeros_(parameter)
