"""Rows of a parameter whose order means something, as that of numbers does.

Each is a little of those around it, so few examples of a number teach about its neighbours, too.
To smooth the gradient of W is to learn U, where W = K U, with K K' as the kernel here. By that
prior rows are a smooth function of their index. It is no bound: enough gradients make any W.
"""

from functools import cache

import torch
from torch import Tensor

_WIDTH = 0.06  # the standard deviation of the kernel, as a fraction of the rows


@torch.no_grad()
def smooth(tensor: Tensor, ordered: slice, *, keep_scale: bool = False) -> None:
    """Replace each of the ordered rows (N, ...) by a mean of those around it.

    `keep_scale`: their standard deviation stays, as the mean of what is drawn by chance is small.
    """
    rows = tensor[ordered]
    if not len(rows):
        return
    smoothed = _kernel(len(rows)).to(rows) @ rows
    if keep_scale and rows.any():
        smoothed *= rows.std() / smoothed.std()
    rows.copy_(smoothed)


@cache
def _kernel(count: int) -> Tensor:
    """Weights (N, N) of the rows around each, by a Gaussian; they add up to 1."""
    index = torch.arange(count, dtype=torch.float32)
    distance = (index[:, None] - index) / max(1.0, _WIDTH * count)
    weights = torch.exp(-(distance**2) / 2)
    return weights / weights.sum(dim=1, keepdim=True)
