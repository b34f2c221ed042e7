"""The network: embedding -> recurrent layers -> logits. State goes in and comes out.

A layer trains through torch's fused kernel of its cell's equations, where there is one, and
otherwise loops the cell's own `step` over time, on the same weights. State is an argument and a
result, so threads may share a network.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from charrnn.cells import CELLS
from charrnn.cells.base import Cell, ScannedCell
from charrnn.network.scan import scan
from charrnn.network.state import LayerState, State
from charrnn.settings import ModelSettings
from charrnn.storage.layout import parameter_shapes


class CharRNN(nn.Module):
    """Token ids in, logits of the next token out. Its parameters' names are a checkpoint's."""

    def __init__(
        self, settings: ModelSettings, vocabulary_size: int, *, fused: bool = True
    ) -> None:
        super().__init__()
        self.settings = settings
        self.vocabulary_size = vocabulary_size
        shapes = parameter_shapes(settings, vocabulary_size)
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
        for layer in self.recurrent_layers:
            layer.set_biases()

    @property
    def recurrent_layers(self) -> "list[Layer]":
        """The layers, the first one first."""
        return [layer for layer in self.layers if isinstance(layer, Layer)]

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.get_parameter("head.bias").device

    def zero_state(self, batch_size: int) -> State:
        """The state before a text: zeros."""
        zeros = self.get_parameter("head.bias").new_zeros
        arrays = CELLS[self.settings.cell].states
        hidden = self.settings.hidden_size
        return tuple(tuple(zeros(batch_size, hidden) for _ in arrays) for _ in self.layers)

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

    def embed(self, ids: Tensor) -> Tensor:
        """ids (T, B) -> the first layer's inputs (T, B, D)."""
        if self.settings.one_hot:
            bias = self.get_parameter("head.bias")
            return F.one_hot(ids, self.vocabulary_size).to(bias.dtype)
        return F.embedding(ids, self.get_parameter("embedding.weight"))

    def logits(self, x: Tensor) -> Tensor:
        """Outputs of the last layer (..., H) -> logits (..., V)."""
        if self.settings.tie_weights:  # unit-variance rows: scaled to start with small logits
            weight = self.get_parameter("embedding.weight") * self.settings.hidden_size**-0.5
        else:
            weight = self.get_parameter("head.weight")
        return F.linear(x, weight, self.get_parameter("head.bias"))

    def dropout_masks(self, batch_size: int) -> list[Tensor]:
        """A mask (1, B, H) per layer: the same units are dropped at every step of a sequence.

        Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287. Empty where dropout is 0.
        """
        rate, bias = self.settings.dropout, self.get_parameter("head.bias")
        ones = bias.new_ones(1, batch_size, self.settings.hidden_size)
        return [F.dropout(ones, rate) for _ in self.layers] if rate else []

    def export(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the parameters as NumPy arrays, by name."""
        return {name: p.detach().cpu().numpy().copy() for name, p in self.named_parameters()}

    @torch.no_grad()
    def load(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Copy the parameters that `export` gave. Their names and shapes must fit."""
        for name, parameter in self.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))


class Layer(nn.Module):
    """One cell over time. `fused=False` loops its equations even where torch has a kernel."""

    def __init__(self, cell: type[Cell], inputs: int, hidden: int, *, fused: bool = True) -> None:
        super().__init__()
        self.cell = cell
        self.hidden = hidden
        self.fused = fused
        self.kernel = getattr(torch, cell.fused) if fused and cell.fused else None
        for name, shape in cell.shapes(inputs, hidden).items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape)))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Orthogonal recurrent and Xavier input weights, gate by gate; biases as the cell says."""
        weights = dict(self.named_parameters())
        for name, weight in weights.items():
            for block in torch.split(weight, self.hidden):
                if weight.dim() < 2:
                    block.zero_()
                elif name == "weight_hh":
                    (nn.init.eye_ if self.cell.identity else nn.init.orthogonal_)(block)
                elif self.cell.identity:
                    nn.init.normal_(block, std=0.001)
                else:
                    nn.init.xavier_uniform_(block)
        self.set_biases()

    @torch.no_grad()
    def set_biases(self) -> None:
        """Give each gate the bias that its cell starts with, such as an open forget gate."""
        biases = dict(self.named_parameters())["bias_ih"].split(self.hidden)
        for bias, value in zip(biases, self.cell.bias, strict=False):
            if value:
                bias.fill_(value)

    def forward(self, x: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        """x (T, B, D), state of (B, H) each -> outputs (T, B, H), state."""
        weights = dict(self.named_parameters())
        if self.kernel is not None:
            return self._run_kernel(self.kernel, weights, x, state)
        if self.fused and issubclass(self.cell, ScannedCell):
            # in full precision: bf16 has no number between 0.996 and 1 for a state that decays
            z = self.cell.project(weights, x).to(state[0].dtype)
            keep, add, _ = self.cell.coefficients(z)
            y = scan(keep, add, state[0])
            return y, (y[-1],)
        ready = self.cell.prepare(weights)
        outputs = []
        for z in self.cell.project(ready, x):
            state = self.cell.step(ready, z, state)
            outputs.append(state[0])
        return torch.stack(outputs), state

    def _run_kernel(
        self,
        kernel: Callable[..., Any],
        weights: Mapping[str, Tensor],
        x: Tensor,
        state: LayerState,
    ) -> tuple[Tensor, LayerState]:
        """The kernel, in autocast's type: left to itself, cuDNN's kernel takes float16."""
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
        packed = tuple(part[None].to(dtype) for part in state)
        flat = [weight.to(dtype) for weight in weights.values()]
        if x.is_cuda:  # cuDNN wants the weights in one piece of memory, or copies them at each call
            piece = torch.cat([weight.flatten() for weight in flat])
            parts = piece.split([weight.numel() for weight in flat])
            flat = [part.view_as(weight) for part, weight in zip(parts, flat, strict=True)]
        with torch.autocast(device, enabled=False):
            y, *after = kernel(
                x.to(dtype),
                packed if len(packed) > 1 else packed[0],
                flat,
                has_biases=True,
                num_layers=1,
                dropout=0.0,
                train=self.training,
                bidirectional=False,
                batch_first=False,
            )
        return y, tuple(part[0] for part in after)
