"""h = keep h + add over all time steps at once, for cells whose gates do not look back."""

from typing import Any

import torch
from torch import Tensor


def scan(keep: Tensor, add: Tensor, h: Tensor) -> Tensor:
    """keep and add (T, B, H), h (B, H) -> every h after it (T, B, H).

    On a GPU by `hillis_steele`. On a processor a step is a short loop over numbers in the cache,
    and the work is done once, not log2 T times.
    """
    if not add.is_cuda:
        found: Tensor = _OneByOne.apply(keep, add, h)  # type: ignore[no-untyped-call]  # torch gives it no types
        return found
    return hillis_steele(keep, add, h)


def hillis_steele(keep: Tensor, add: Tensor, h: Tensor) -> Tensor:
    """As `scan`, in log2 T rounds, each of which joins pairs of steps that lie twice as far apart.

    Hillis and Steele 1986, https://doi.org/10.1145/7902.7903.
    """
    apart = 1
    while apart < len(add):
        add = torch.cat([add[:apart], torch.addcmul(add[apart:], keep[apart:], add[:-apart])])
        keep = torch.cat([keep[:apart], keep[apart:] * keep[:-apart]])
        apart *= 2
    return torch.addcmul(add, keep, h)


class _OneByOne(torch.autograd.Function):
    """As `scan`, step by step, with one node in the graph for all of them."""

    @staticmethod
    def forward(ctx: Any, keep: Tensor, add: Tensor, h: Tensor) -> Tensor:
        found = torch.empty_like(add)
        before = h
        for after, k, a in zip(found, keep, add, strict=True):
            before = torch.addcmul(a, k, before, out=after)
        ctx.save_for_backward(keep, found, h)
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        keep, found, h = ctx.saved_tensors
        gradient = gradients[0].clone()
        for step in range(len(keep) - 1, 0, -1):
            gradient[step - 1].addcmul_(keep[step], gradient[step])
        before = torch.cat([h[None], found[:-1]])
        return gradient * before, gradient, keep[0] * gradient[0]
