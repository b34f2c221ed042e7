"""Muon, the optimizer of the recurrent layers' matrices."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from charrnn.training.optimizers import Group, Optimizer, Parameters, gradient

_QUINTIC = (3.4445, -4.7750, 2.0315)  # coefficients of Jordan's iteration, see `orthogonalize`


def orthogonalize(matrices: Tensor, iterations: int = 3) -> Tensor:
    """Roughly the nearest (semi-)orthogonal matrix to each of (K, M, N).

    Newton-Schulz iterations of an odd quintic that pushes every singular value towards 1: Jordan et
    al. 2024, https://kellerjordan.github.io/posts/muon/. Products run in the tensor's own type.
    """
    a, b, c = _QUINTIC
    norms = matrices.float().norm(dim=(1, 2), keepdim=True) + 1e-7
    x: Tensor = matrices / norms.to(matrices.dtype)
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    for _ in range(iterations):
        gram = x @ x.mT
        x = a * x + torch.baddbmm(gram, gram, gram, beta=b, alpha=c) @ x
    return x.mT if tall else x


class Muon(Optimizer):
    """Momentum, made orthogonal: every direction of a matrix moves equally far in a step.

    A recurrent layer stacks one H x D matrix per gate, and each is orthogonalized by itself.
    Learning rates are scaled by sqrt(max(1, rows / columns)).

    The work grows with H^3, that of a training step with H^2. To keep it a small part of a step,
    the gates of large layers take turns: of `turns` gates one is orthogonalized anew in a step, and
    the others move on in their last direction. That costs a little of what a step achieves
    (benchmarks/RECIPE.md), so a hidden size of 256 does without.
    """

    momentum = 0.95

    def __init__(self, groups: Sequence[Group], block: int, dtype: torch.dtype) -> None:
        """`block`: rows of a gate (H). `dtype`: of the products."""
        super().__init__(groups)
        self.block = block
        self.dtype = dtype
        self.turns = min(4, max(1, block**2 // 256**2))

    def initial(self, p: Tensor) -> dict[str, Tensor]:
        """The momentum, the direction of the last step, and the number of steps."""
        steps = torch.zeros((), dtype=torch.int64)
        return {
            "momentum": torch.zeros_like(p),
            "direction": torch.zeros_like(p),
            "steps": steps,
        }

    def update(self, group: Group) -> None:
        """p -= learning rate * direction, after decay."""
        for pairs in self._due(group.params).values():
            updates = orthogonalize(torch.stack([ahead for ahead, _ in pairs]))
            for (_, direction), update in zip(pairs, updates, strict=True):
                direction.copy_(update)
        for name, p in group.params.items():
            p.mul_(1 - group.learning_rate * group.weight_decay)
            scale = group.learning_rate * math.sqrt(max(1, self.block / p.shape[1]))
            p.add_(self.state[name]["direction"], alpha=-scale)

    def _due(self, params: Parameters) -> dict[torch.Size, list[tuple[Tensor, Tensor]]]:
        """Shape -> (Nesterov's momentum, direction) of each gate to orthogonalize in this step."""
        found: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        turn = 0
        for name, p in params.items():
            state, g = self.state[name], gradient(p)
            step = int(state["steps"])
            state["steps"] += 1
            state["momentum"].lerp_(g, 1 - self.momentum)
            gates = (part.split(self.block) for part in (g, state["momentum"], state["direction"]))
            for gate, momentum, direction in zip(*gates, strict=True):
                turn += 1
                if step == 0 or turn % self.turns == step % self.turns:
                    ahead = gate.lerp(momentum, self.momentum)
                    found.setdefault(gate.shape, []).append((ahead.to(self.dtype), direction))
        return found
