"""The network: embedding -> layers -> logits. State goes in and comes out; none is kept inside.

A layer trains through torch's fused kernel of its cell's equations, where there is one, and
otherwise loops the cell's own `step` over time, on the same weights. Nothing is written while it
runs, so threads may share a network.
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
from charrnn.cells.base import Cell, Scanned
from charrnn.engine.scan import scan
from charrnn.settings import ModelSettings

LayerState = tuple[Tensor, ...]
State = tuple[LayerState, ...]


class Layer(nn.Module):
    """One cell over time. `fused=False` loops its equations even where there is a faster way."""

    def __init__(self, cell: type[Cell], inputs: int, hidden: int, *, fused: bool = True) -> None:
        super().__init__()
        self.cell = cell
        self.hidden = hidden
        self.kernel = getattr(torch, cell.fused) if fused and cell.fused else None
        self.parallel = fused
        for name, shape in cell.shapes(inputs, hidden).items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape)))
        self.start()

    @torch.no_grad()
    def start(self) -> None:
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
        for gate, bias in enumerate(self.cell.bias):
            weights["bias_ih"][gate * self.hidden : (gate + 1) * self.hidden] = bias

    def forward(self, x: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        """x (T, B, D), state of (B, H) each -> outputs (T, B, H), state."""
        weights = dict(self.named_parameters())
        if self.kernel is not None:
            return self._fused(self.kernel, weights, x, state)
        if self.parallel and issubclass(self.cell, Scanned):
            # in full precision: bf16 has no number between 0.996 and 1 to keep a state by
            share = self.cell.share(weights, x).to(state[0].dtype)
            y = scan(*self.cell.coefficients(share), state[0])
            return y, (y[-1],)
        ready, outputs = self.cell.prepared(weights), []
        for z in self.cell.share(ready, x):
            state = self.cell.step(ready, z, state)
            outputs.append(state[0])
        return torch.stack(outputs), state

    def _fused(
        self,
        kernel: Callable[..., Any],
        weights: Mapping[str, Tensor],
        x: Tensor,
        state: LayerState,
    ) -> tuple[Tensor, LayerState]:
        """The kernel, in the type that autocast asks for: by itself, cuDNN's takes float16."""
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
        packed = tuple(part[None].to(dtype) for part in state)
        flat = [weight.to(dtype) for weight in weights.values()]
        if x.is_cuda:  # cuDNN reads one piece of memory, and else copies them into one at each call
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


class CharRNN(nn.Module):
    """Token ids in, logits of the next token out."""

    def __init__(self, settings: ModelSettings, vocabulary: int, *, fused: bool = True) -> None:
        super().__init__()
        self.settings = settings
        cell = CELLS[settings.cell]
        inputs = [settings.embedding] + [settings.width] * (settings.layers - 1)
        self.embedding = nn.Embedding(vocabulary, settings.embedding)  # starts at unit variance
        self.layers = nn.ModuleList(Layer(cell, d, settings.width, fused=fused) for d in inputs)
        self.head_bias = nn.Parameter(torch.zeros(vocabulary))
        if not settings.tie:
            self.head = nn.Parameter(
                nn.init.xavier_uniform_(torch.empty(vocabulary, settings.width))
            )

    def zero_state(self, lanes: int) -> State:
        """What every text starts from: per layer, per array of the cell's state, zeros (B, H)."""
        zeros = self.head_bias.new_zeros
        arrays = CELLS[self.settings.cell].states
        return tuple(tuple(zeros(lanes, self.settings.width) for _ in arrays) for _ in self.layers)

    def forward(
        self, ids: Tensor, state: State, masks: Sequence[Tensor] = ()
    ) -> tuple[Tensor, State]:
        """ids (T, B), state, masks from `dropout` -> logits (T, B, V), state."""
        x = self.embedding(ids)
        after = []
        for layer, before, mask in zip_longest(self.layers, state, masks):
            x, layer_state = layer(x, before)
            after.append(layer_state)
            if mask is not None:
                x = x * mask
        return self.logits(x), tuple(after)

    def logits(self, x: Tensor) -> Tensor:
        """What the last layer puts out (..., H) -> logits (..., V)."""
        if self.settings.tie:  # unit-variance rows: scaled to keep the logits small at the start
            head = self.embedding.weight * self.settings.width**-0.5
        else:
            head = self.head
        return F.linear(x, head, self.head_bias)

    def dropout(self, lanes: int) -> list[Tensor]:
        """Masks (1, B, H), one a layer: locked, that is the same units at every step of a window.

        Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287. None are dropped at a rate of 0.
        """
        rate = self.settings.dropout
        ones = self.head_bias.new_ones(1, lanes, self.settings.width)
        return [F.dropout(ones, rate) for _ in self.layers] if rate else []

    def reset(self, state: State, rate: float) -> State:
        """The state with a share of its lanes, chosen at random, as new.

        So the network learns to begin a text too, which it rarely does in a long one.
        """
        if not rate:
            return state
        kept = torch.rand(len(state[0][0]), 1, device=self.head_bias.device) >= rate
        return tuple(tuple(part * kept for part in layer) for layer in state)

    def named_weights(self) -> dict[str, Tensor]:
        """The weights by the names of a checkpoint; tied ones once."""
        found: dict[str, Tensor] = {
            "embedding": self.embedding.weight,
            "head_bias": self.head_bias,
        }
        if not self.settings.tie:
            found["head"] = self.head
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, Layer)
            for name, weight in layer.named_parameters():
                found[f"layers.{number}.{name}"] = weight
        return found

    def export(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the weights as the player reads them."""
        return {name: w.detach().cpu().numpy().copy() for name, w in self.named_weights().items()}

    @torch.no_grad()
    def load(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Take over the weights that `export` gave. They are known to fit."""
        for name, weight in self.named_weights().items():
            weight.copy_(torch.from_numpy(weights[name]))


def detached(state: State) -> State:
    """The state without its history: where back-propagation through time is truncated."""
    return tuple(tuple(part.detach() for part in layer) for layer in state)


def joined(states: Sequence[State]) -> State:
    """The states of some lanes each, as one of all lanes."""
    return tuple(
        tuple(torch.cat(parts) for parts in zip(*layers, strict=True))
        for layers in zip(*states, strict=True)
    )
