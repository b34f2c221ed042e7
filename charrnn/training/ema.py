"""An exponential moving average of the weights: what is validated, kept and sampled from."""

import copy

import torch

from charrnn.network.recurrent import RecurrentNetwork


class EMA:
    """`model` holds the average of the weights of the steps so far; decay 0 copies the last."""

    def __init__(self, model: RecurrentNetwork, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: RecurrentNetwork, step: int) -> None:
        """Follow the weights after step `step` (from 1): faster at first, when they move far."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for mean, p in zip(self.model.parameters(), model.parameters(), strict=True):
            mean.lerp_(p, 1 - decay)
