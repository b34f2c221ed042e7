"""Optimizers, who gets which, and the schedule."""

import math
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from charrnn.engine.model import CharRNN
from charrnn.settings import TrainSettings

_QUINTIC = (3.4445, -4.7750, 2.0315)  # coefficients of Jordan's iteration, see `orthogonal`


def orthogonal(matrices: Tensor, iterations: int = 3) -> Tensor:
    """The nearest (semi-)orthogonal matrix to each of (K, M, N), roughly.

    Newton-Schulz iterations of an odd quintic that pushes every singular value towards 1: Jordan et
    al. 2024, https://kellerjordan.github.io/posts/muon/. Products run in the tensor's own type.
    """
    a, b, c = _QUINTIC
    x: Tensor = matrices / (matrices.float().norm(dim=(1, 2), keepdim=True) + 1e-7).to(
        matrices.dtype
    )
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    for _ in range(iterations):
        gram = x @ x.mT
        x = a * x + torch.baddbmm(gram, gram, gram, beta=b, alpha=c) @ x
    return x.mT if tall else x


class Optimizer(ABC):
    """As `torch.optim`'s, whose class loads torch's compiler: nearly as slow as torch itself.

    A group has its "params" and "lr"; "peak" is the learning rate that the schedule scales.
    """

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        self.param_groups = [{**group, "peak": group["lr"]} for group in groups]
        self.state: dict[Tensor, dict[str, Tensor]] = defaultdict(dict)

    @abstractmethod
    def step(self) -> None:
        """One update of every parameter."""

    def zero_grad(self) -> None:
        """No gradients from here on."""
        for p in (p for group in self.param_groups for p in group["params"]):
            p.grad = None


class AdamW(Optimizer):
    """Adam, its weight decay apart, by torch's own function.

    Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101.
    """

    @torch.no_grad()
    def step(self) -> None:
        """One update of every parameter."""
        for group in self.param_groups:
            params = group["params"]
            fused = params[0].device.type in ("cpu", "cuda")
            for p in params:
                if not self.state[p]:
                    counted = p.device if fused else "cpu"
                    self.state[p] = {
                        "step": torch.zeros((), device=counted),
                        "exp_avg": torch.zeros_like(p),
                        "exp_avg_sq": torch.zeros_like(p),
                    }
            means, squares, steps = (
                [self.state[p][name] for p in params] for name in ("exp_avg", "exp_avg_sq", "step")
            )
            adamw(
                params, [p.grad for p in params], means, squares, [], steps, fused=fused,
                amsgrad=False, maximize=False, lr=group["lr"], beta1=0.9, beta2=0.99, eps=1e-8,
                weight_decay=group["weight_decay"],
            )  # fmt: skip


class Muon(Optimizer):
    """Momentum, made orthogonal: every direction of a matrix moves equally far in a step.

    A recurrent layer stacks one H x D matrix a gate, and each gate's is orthogonalised by itself.
    Rates are scaled by sqrt(max(1, rows / columns)).

    The work grows with H^3, that of a training step with H^2. So that it stays a small share of
    it, the gates of wide layers take turns: of `turns` gates one is orthogonalised anew in a step,
    and the others go on in their last direction. That costs a little of what a step achieves
    (benchmarks/RECIPE.md), so a width of 256 does without.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        block: int,
        lr: float,
        weight_decay: float,
        dtype: torch.dtype,
        momentum: float = 0.95,
    ) -> None:
        """`block`: rows of a gate (H). `dtype`: of the products."""
        super().__init__([{"params": list(params), "lr": lr, "weight_decay": weight_decay}])
        self.momentum = momentum
        self.block = block
        self.dtype = dtype
        self.turns = min(4, max(1, block**2 // 256**2))

    @torch.no_grad()
    def step(self) -> None:
        """One update of every parameter."""
        for group in self.param_groups:
            due = self._due(group)
            for pairs in due.values():
                updates = orthogonal(torch.stack([ahead for ahead, _ in pairs]))
                for (_, direction), update in zip(pairs, updates, strict=True):
                    direction.copy_(update)
            for p in group["params"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
                scale = group["lr"] * math.sqrt(max(1, self.block / p.shape[1]))
                p.add_(self.state[p]["direction"], alpha=-scale)

    def _due(self, group: dict[str, Any]) -> dict[torch.Size, list[tuple[Tensor, Tensor]]]:
        """Shape -> (momentum ahead, direction) of each gate that is orthogonalised now."""
        found: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        turn = 0
        for p in group["params"]:
            state = self.state[p]
            if not state:
                state["momentum"], state["direction"] = torch.zeros_like(p), torch.zeros_like(p)
                state["steps"] = torch.zeros((), dtype=torch.int64)
            now = int(state["steps"])
            state["steps"] += 1
            state["momentum"].lerp_(p.grad, 1 - self.momentum)
            blocks = (
                part.split(self.block) for part in (p.grad, state["momentum"], state["direction"])
            )
            for gradient, momentum, direction in zip(*blocks, strict=True):
                turn += 1
                if now == 0 or turn % self.turns == now % self.turns:
                    ahead = gradient.lerp(momentum, self.momentum)  # Nesterov's look ahead
                    found.setdefault(gradient.shape, []).append((ahead.to(self.dtype), direction))
        return found


def optimizers(model: CharRNN, settings: TrainSettings, dtype: torch.dtype) -> list[Optimizer]:
    """Who updates what."""
    matrices = [p for p in model.layers.parameters() if p.dim() == 2]
    if settings.optimizer == "adamw":
        matrices = []
    ids = {id(p) for p in matrices}
    embedding = model.embedding.weight
    rest = [p for p in model.parameters() if id(p) not in ids and p is not embedding]
    decayed = [p for p in rest if p.dim() > 1]
    others = [embedding, *(p for p in rest if p.dim() <= 1)]
    groups = [
        {"params": params, "lr": settings.adam_rate, "weight_decay": decay}
        for params, decay in ((decayed, settings.decay), (others, 0.0))
        if params
    ]
    found: list[Optimizer] = [AdamW(groups)]
    if matrices:
        found.append(Muon(matrices, model.settings.width, settings.rate, settings.decay, dtype))
    return found


def schedule(step: int, warmup: int, hold: float, steps: int | None) -> float:
    """The share of the peak rate at a step: up, on, and down in a straight line to nothing.

    Linear over `warmup` steps (`hold`, where that is less); 1 until step `hold`, where the length
    of the run is known at the latest; then down until `steps`. With `steps` None the end is not
    known yet; `hold` will then be no less than `warmup`, so that nothing jumps when it is.
    """
    slow = warmup if steps is None else max(0, min(warmup, hold))
    up = min(1.0, (step + 1) / (slow + 1))
    if steps is None or step < hold:
        return up
    return up * (steps - step) / max(1, steps - hold)
