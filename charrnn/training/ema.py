"""An exponential moving average of the weights: what is validated, kept and sampled from."""

import torch

from charrnn.engine.module import AnyModule


class EMA:
    """`model` holds the average of the weights of the steps so far; decay 0 copies the last."""

    def __init__(self, model: AnyModule, decay: float) -> None:
        self.model = model.frozen()
        self.decay = decay

    @torch.no_grad()
    def update(self, model: AnyModule, step: int) -> None:
        """Follow the weights after step `step` (from 1): faster at first, when they move far."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for mean, p in zip(self.model.parameters(), model.parameters(), strict=True):
            mean.lerp_(p, 1 - decay)
