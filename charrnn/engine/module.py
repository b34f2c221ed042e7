"""A network's parameters in torch: made, moved to a device, copied out and in."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

import charrnn.engine.kernels  # noqa: F401  (registers torch's functions)
from charrnn.cells.parameters import Initial, Parameter, Parameters, drawn, listed
from charrnn.settings import ModelSettings
from charrnn.tasks.base import Network, Task

N = TypeVar("N", bound=Network)
Build = Callable[[ModelSettings, Mapping[str, Tensor]], N]

_DRAW: dict[str, Callable[[Tensor], object]] = {
    "xavier": nn.init.xavier_uniform_,
    "orthogonal": nn.init.orthogonal_,
    "identity": nn.init.eye_,
    "kaiming": lambda block: nn.init.kaiming_normal_(block, nonlinearity="relu"),
}


class Module(Generic[N]):
    """A network and its parameters, by their names in a checkpoint.

    `network` computes; it has the very tensors that `parameters` lists.
    """

    def __init__(self, settings: ModelSettings, parameters: Parameters, build: Build[N]) -> None:
        """Draws the parameters from torch's generator; `build` makes the network of them."""
        self.settings, self.declared, self.build = settings, listed(parameters), build
        weights = {n: nn.Parameter(torch.empty(p.shape)) for n, p in self.declared.items()}
        for name, parameter in drawn(parameters).items():
            _begin(weights[name], parameter.initial)
        if settings.init != "orthogonal":
            for name, parameter in self.declared.items():
                if parameter.initial.kind == "values":
                    continue
                _begin_plainly(weights[name], parameter, settings.init)
        self.weights = weights
        self.network: N = build(settings, weights)

    def replica(self) -> Self:
        """The same parameters, in the same memory, with gradients of their own."""
        return self._mapped(lambda tensor: tensor)

    def to(self, target: torch.device | torch.dtype) -> Self:
        """The module with its parameters on a device, or of a type."""
        return self._mapped(lambda tensor: tensor.to(target))

    def clone(self) -> Self:
        """A copy with parameters of its own."""
        return self._mapped(Tensor.clone)

    def frozen(self) -> Self:
        """A copy that does not learn."""
        return self._mapped(Tensor.clone, trainable=False)

    def _mapped(self, change: Callable[[Tensor], Tensor], *, trainable: bool = True) -> Self:
        """A module whose parameters are these, changed."""
        twin = copy.copy(self)
        twin.weights = {
            name: nn.Parameter(change(parameter.data), trainable)
            for name, parameter in self.weights.items()
        }
        twin.network = self.build(self.settings, twin.weights)
        return twin

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device

    def parameters(self) -> Iterator[nn.Parameter]:
        """The parameters, in their order."""
        return iter(self.weights.values())

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters with their names."""
        return iter(self.weights.items())

    def dropout_masks(self, batch_size: int) -> list[Tensor]:
        """A mask (1, B, F) per layer, the same at every step of a sequence.

        Gal and Ghahramani 2016, https://arxiv.org/abs/1512.05287. Empty where dropout is 0.
        """
        rate, like = self.settings.dropout, next(self.parameters())
        if not rate:
            return []
        return [
            F.dropout(like.new_ones(1, batch_size, size), rate)
            for size in self.network.dropout_sizes
        ]

    def export(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the parameters as NumPy arrays, by name."""
        return {name: p.detach().cpu().numpy().copy() for name, p in self.named_parameters()}

    @torch.no_grad()
    def load(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Copy the parameters that `export` gave. Their names and shapes must fit."""
        for name, parameter in self.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))


AnyModule = Module[Any]


def module_of(task: Task, model: ModelSettings) -> AnyModule:
    """A new network for a task."""
    return Module(model, task.parameters(model), task.network)


@torch.no_grad()
def _begin(tensor: Tensor, initial: Initial) -> None:
    """Draw a parameter, block by block."""
    if initial.kind == "values":
        tensor.copy_(torch.tensor(initial.values))
        return
    blocks = tensor.split(initial.rows or max(1, len(tensor)))
    for number, block in enumerate(blocks):
        if initial.kind == "normal":
            nn.init.normal_(block, std=initial.std)
        elif initial.kind == "constant":
            block.fill_(initial.values[number] if number < len(initial.values) else 0.0)
        else:
            _DRAW[initial.kind](block)


@torch.no_grad()
def _begin_plainly(tensor: Tensor, parameter: Parameter, how: str) -> None:
    """As char-rnn (uniform to 0.08) or min-char-rnn (normal, 0.01; biases 0) begin.

    Biases that a cell begins with, such as an open forget gate's, stay, and so do `values`.
    """
    if how == "uniform":
        nn.init.uniform_(tensor, -0.08, 0.08)
    elif tensor.dim() > 1:
        nn.init.normal_(tensor, std=0.01)
    else:
        nn.init.zeros_(tensor)
    initial = parameter.initial
    if initial.kind == "constant" and initial.rows:
        for block, value in zip(tensor.split(initial.rows), initial.values, strict=False):
            if value:
                block.fill_(value)
