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
    Blocks of one shape are orthogonalised together. Rates are scaled by sqrt(max(1, rows/columns)).
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

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002  (none is taken)
        """One update of every parameter."""
        for group in self.param_groups:
            by_shape: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
            for p in group["params"]:
                if not self.state[p]:
                    self.state[p]["momentum"] = torch.zeros_like(p)
                momentum = self.state[p]["momentum"]
                momentum.lerp_(p.grad, 1 - group["momentum"])
                ahead = p.grad.lerp(momentum, group["momentum"])  # Nesterov's look ahead
                p.mul_(1 - group["lr"] * group["weight_decay"])
                pairs = by_shape.setdefault((self.block, p.shape[1]), [])
                pairs += zip(p.split(self.block), ahead.split(self.block), strict=True)
            for (rows, columns), pairs in by_shape.items():
                updates = orthogonal(torch.stack([u for _, u in pairs]).to(self.dtype))
                scale = -group["lr"] * math.sqrt(max(1, rows / columns))
                for (block, _), update in zip(pairs, updates, strict=True):
                    block.add_(update, alpha=scale)


def optimizers(
    model: CharRNN, settings: TrainSettings, dtype: torch.dtype
) -> list[torch.optim.Optimizer]:
    """Who updates what. `peak` in a group is the learning rate that the schedule scales."""
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    matrices = [p for p in model.layers.parameters() if p.dim() == 2]
    if settings.optimizer == "adamw":
        matrices = []
    ids = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in ids]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in rest if p.dim() > 1], "weight_decay": settings.decay},
        {"params": [p for p in rest if p.dim() <= 1], "weight_decay": 0.0},
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


def schedule(step: int, warmup: int, hold: int, steps: int | None) -> float:
    """The share of the peak rate at a step: up, on, and down a half cosine to nearly nothing.

    Linear over `warmup` steps (`hold`, where that is less); 1 until step `hold`, where the length
    of the run is known at the latest; then the cosine until `steps`. With `steps` None the end is
    not known yet; `hold` will then be no less than `warmup`, so that nothing jumps when it is.
    """
    warmup = warmup if steps is None else min(warmup, hold)
    up = min(1.0, (step + 1) / (warmup + 1))
    if steps is None or step < hold:
        return up
    return up * 0.5 * (1 + math.cos(math.pi * (step - hold) / max(1, steps - hold)))
