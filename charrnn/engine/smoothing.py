"""Rows of a parameter whose order means something, such as those of numbers: each is a little of
those around it. Few examples of a number then teach about its neighbours, too.

To smooth the gradient of W is to learn U by W = K U, with K K' as the kernel here: a prior by which
rows are a smooth function of their index, not a bound, for enough gradients make any W.
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
