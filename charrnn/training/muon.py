"""Muon, the optimizer of hidden layers' matrices, and which optimizers update the rest."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from charrnn.engine.module import AnyModule
from charrnn.settings import OptimizerName, TrainSettings
from charrnn.training.optimizers import (
    SGD,
    Adagrad,
    AdamW,
    Group,
    Optimizer,
    Parameters,
    RMSprop,
    State,
    gradient,
)

_QUINTIC = (3.4445, -4.7750, 2.0315)  # coefficients of Jordan's iteration, see `orthogonalize`
_OTHERS: dict[OptimizerName, type[Optimizer]] = {
    "adamw": AdamW, "rmsprop": RMSprop, "adagrad": Adagrad, "sgd": SGD,
}  # fmt: skip


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

    A recurrent layer stacks one H x D matrix per gate, and each is orthogonalized by itself. The
    filters of a convolution are the rows of a matrix. Learning rates are scaled by
    sqrt(max(1, rows / columns)).

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

    def initial(self, p: Tensor) -> State:
        """The momentum, the direction of the last step, and the number of steps."""
        steps = torch.zeros((), dtype=torch.int64)
        return {"momentum": torch.zeros_like(p), "direction": torch.zeros_like(p), "steps": steps}

    def update(self, group: Group) -> None:
        """p -= learning rate * direction, after decay."""
        for pairs in self._due(group.params).values():
            updates = orthogonalize(torch.stack([ahead for ahead, _ in pairs]))
            for (_, direction), update in zip(pairs, updates, strict=True):
                direction.copy_(update)
        for name, p in group.params.items():
            p.mul_(1 - group.learning_rate * group.weight_decay)
            rows, columns = min(self.block, len(p)), p[0].numel()
            scale = group.learning_rate * math.sqrt(max(1, rows / columns))
            p.add_(self.state[name]["direction"], alpha=-scale)

    def _due(self, params: Parameters) -> dict[torch.Size, list[tuple[Tensor, Tensor]]]:
        """Shape -> (Nesterov's momentum, direction) of each gate to orthogonalize in this step."""
        due: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
        turn = 0
        for name, p in params.items():
            state, g = self.state[name], gradient(p)
            step = int(state["steps"])
            state["steps"] += 1
            state["momentum"].lerp_(g, 1 - self.momentum)
            parts = g, state["momentum"], state["direction"]
            gates = (part.flatten(1).split(self.block) for part in parts)
            for gate, momentum, direction in zip(*gates, strict=True):
                turn += 1
                if step == 0 or turn % self.turns == step % self.turns:
                    ahead = gate.lerp(momentum, self.momentum)
                    due.setdefault(gate.shape, []).append((ahead.to(self.dtype), direction))
        return due


def make_optimizers(
    model: AnyModule, settings: TrainSettings, dtype: torch.dtype
) -> list[Optimizer]:
    """The optimizers of a run, the one that `--optimizer` names first. `dtype`: Muon's products.

    Muon updates the matrices of recurrent layers and convolutions, if there are any, and AdamW the
    rest; any other optimizer updates everything.
    """
    params = dict(model.named_parameters())
    muon = settings.optimizer == "muon"
    roles = {name: parameter.role for name, parameter in model.declared.items()}
    matrices = {n: p for n, p in params.items() if muon and roles[n] == "hidden"}
    rest = {n: p for n, p in params.items() if n not in matrices}
    embedding = {n: p for n, p in rest.items() if roles[n] == "embedding"}
    decayed = {n: p for n, p in rest.items() if p.dim() > 1 and n not in embedding}
    others = embedding | {n: p for n, p in rest.items() if p.dim() <= 1}
    peak = settings.peak_learning_rate
    rest_peak = settings.adamw_learning_rate if muon else peak
    groups = [Group(decayed, rest_peak, settings.weight_decay), Group(others, rest_peak, 0.0)]
    if not matrices:
        return [_OTHERS["adamw" if muon else settings.optimizer](groups)]
    main = Muon([Group(matrices, peak, settings.weight_decay)], model.settings.hidden_size, dtype)
    return [main, AdamW(groups)]
