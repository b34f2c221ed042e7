"""Optimizers, who gets which, and the schedule."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

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


class Muon(torch.optim.Optimizer):
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
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        self.block = block
        self.dtype = dtype
        self.turns = min(4, max(1, block**2 // 256**2))

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002  (none is taken)
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
            state["momentum"].lerp_(p.grad, 1 - group["momentum"])
            blocks = (
                part.split(self.block) for part in (p.grad, state["momentum"], state["direction"])
            )
            for gradient, momentum, direction in zip(*blocks, strict=True):
                turn += 1
                if now == 0 or turn % self.turns == now % self.turns:
                    ahead = gradient.lerp(momentum, group["momentum"])  # Nesterov's look ahead
                    found.setdefault(gradient.shape, []).append((ahead.to(self.dtype), direction))
        return found


def optimizers(
    model: CharRNN, settings: TrainSettings, dtype: torch.dtype
) -> list[torch.optim.Optimizer]:
    """Who updates what. `peak` in a group is the learning rate that the schedule scales."""
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    matrices = [p for p in model.layers.parameters() if p.dim() == 2]
    if settings.optimizer == "adamw":
        matrices = []
    ids = {id(p) for p in matrices}
    embedding = model.embedding.weight
    rest = [p for p in model.parameters() if id(p) not in ids and p is not embedding]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in rest if p.dim() > 1], "weight_decay": settings.decay},
        {"params": [embedding, *(p for p in rest if p.dim() <= 1)], "weight_decay": 0.0},
    ]
    found: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(groups, lr=settings.adam_rate, betas=(0.9, 0.99), fused=fused)
    ]
    if matrices:
        found.append(Muon(matrices, model.settings.width, settings.rate, settings.decay, dtype))
    for optimizer in found:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
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
