"""One recurrent layer: a cell over time, by torch's fused kernel where there is one."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from charrnn.cells.base import Cell, ScannedCell
from charrnn.network.scan import scan
from charrnn.network.state import LayerState


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
        weights = dict(self.named_parameters(recurse=False))
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
        biases = dict(self.named_parameters(recurse=False))["bias_ih"].split(self.hidden)
        for bias, value in zip(biases, self.cell.bias, strict=False):
            if value:
                bias.fill_(value)

    def forward(self, x: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        """x (T, B, D), state of (B, H) each -> outputs (T, B, H), state."""
        weights = dict(self.named_parameters(recurse=False))
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
