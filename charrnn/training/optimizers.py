"""Optimizers: each updates the parameters that it is given by their gradients.

They are like those of `torch.optim`, whose base class loads torch's compiler: nearly as slow to
import as torch itself. Weight decay is decoupled from the gradient in all of them (Loshchilov and
Hutter 2019, https://arxiv.org/abs/1711.05101), and applies to matrices, but not to the embedding.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

Parameters = Mapping[str, nn.Parameter]
State = dict[str, Tensor]


@dataclass
class Group:
    """Parameters with one learning rate. The schedule scales `peak` into `learning_rate`."""

    params: Parameters
    peak: float
    weight_decay: float

    def __post_init__(self) -> None:
        self.learning_rate = self.peak


class Optimizer(ABC):
    """Updates the parameters of its groups by their gradients."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = [group for group in groups if group.params]
        self.state: dict[str, State] = {}
        self.init_state()

    def init_state(self) -> None:
        """The state before the first step: of each parameter, by its name."""
        for group in self.groups:
            for name, p in group.params.items():
                self.state[name] = self.initial(p)

    @abstractmethod
    def initial(self, p: Tensor) -> State:
        """A parameter's state before the first step."""

    @abstractmethod
    def update(self, group: Group) -> None:
        """One update of a group's parameters, each of which has a gradient."""

    @torch.no_grad()
    def step(self) -> None:
        """One update of every parameter."""
        for group in self.groups:
            self.update(group)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for group in self.groups:
            for p in group.params.values():
                p.grad = None


class PlainOptimizer(Optimizer):
    """Keeps one number for each element, zero before the first step, and moves by it."""

    memory: ClassVar[str]
    """The name of that number in a checkpoint."""

    def initial(self, p: Tensor) -> State:
        """Zeros."""
        return {self.memory: torch.zeros_like(p)}

    def update(self, group: Group) -> None:
        """Decay, then `move`."""
        for name, p in group.params.items():
            p.mul_(1 - group.learning_rate * group.weight_decay)
            self.move(p, gradient(p), self.state[name][self.memory], group.learning_rate)

    @abstractmethod
    def move(self, p: Tensor, g: Tensor, memory: Tensor, rate: float) -> None:
        """Move a parameter by its gradient, and change its memory."""


def set_learning_rate(optimizers: Sequence[Optimizer], factor: float) -> None:
    """Every learning rate at this factor of its peak."""
    for optimizer in optimizers:
        for group in optimizer.groups:
            group.learning_rate = group.peak * factor


def gradient(p: Tensor) -> Tensor:
    """The gradient that backward has left."""
    assert p.grad is not None
    return p.grad


class AdamW(Optimizer):
    """Adam with decoupled weight decay: Loshchilov and Hutter 2019; computed by torch."""

    def initial(self, p: Tensor) -> State:
        """The number of steps and both moments."""
        fused = p.device.type in ("cpu", "cuda")
        return {
            "step": torch.zeros((), device=p.device if fused else "cpu"),
            "exp_avg": torch.zeros_like(p),
            "exp_avg_sq": torch.zeros_like(p),
        }

    def update(self, group: Group) -> None:
        """See `adamw` of torch."""
        params: list[Tensor] = list(group.params.values())
        means, squares, steps = (
            [self.state[name][key] for name in group.params]
            for key in ("exp_avg", "exp_avg_sq", "step")
        )
        adamw(
            params, [gradient(p) for p in params], means, squares, [], steps,
            fused=params[0].device.type in ("cpu", "cuda"), amsgrad=False, maximize=False,
            lr=group.learning_rate, beta1=0.9, beta2=0.99, eps=1e-8,
            weight_decay=group.weight_decay,
        )  # fmt: skip


class RMSprop(PlainOptimizer):
    """g / sqrt(v), v the moving average of g^2 with decay 0.95, as in char-rnn.

    Hinton 2012, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf.
    """

    memory = "square"

    def move(self, p: Tensor, g: Tensor, memory: Tensor, rate: float) -> None:
        """p -= learning rate * g / (sqrt(v) + 1e-8)."""
        memory.mul_(0.95).addcmul_(g, g, value=0.05)
        p.addcdiv_(g, memory.sqrt().add_(1e-8), value=-rate)


class Adagrad(PlainOptimizer):
    """g / sqrt(s), s the sum of all g^2 so far, as in min-char-rnn.

    Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html.
    """

    memory = "sum"

    def move(self, p: Tensor, g: Tensor, memory: Tensor, rate: float) -> None:
        """p -= learning rate * g / sqrt(s + 1e-8)."""
        memory.addcmul_(g, g)
        p.addcdiv_(g, memory.add(1e-8).sqrt_(), value=-rate)


class SGD(PlainOptimizer):
    """Stochastic gradient descent with momentum 0.9."""

    memory = "momentum"

    def move(self, p: Tensor, g: Tensor, memory: Tensor, rate: float) -> None:
        """m = 0.9 m + g, p -= learning rate * m."""
        memory.mul_(0.9).add_(g)
        p.add_(memory, alpha=-rate)
