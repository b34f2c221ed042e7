"""Threads that share the lanes of a step between them.

A kernel that splits every small product among all cores makes them wait for one another at each
time step, and its working set outgrows a core's own cache. A thread that takes some of the lanes
through the whole window does neither: on two cores, an LSTM of 2x256 with 128 lanes took 61 ms
forward and back where the kernel's own threads took 87. On a GPU one thread does everything.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.engine.device import autocast
from charrnn.engine.model import CharRNN, State, detached, joined

_LANES = 32  # a thread's share at the least: with fewer, products are too thin to run well
_SMALL = 2048  # lanes times width: products below that are reckoned faster by one core than by two
_WIDTH = 384  # from here on a layer's weights outgrow the cache anyway, and it does not pay

R = TypeVar("R")


class Crew:
    """As many threads as pay, each with its share of the cores and of the lanes."""

    def __init__(self, device: torch.device, lanes: int, width: int) -> None:
        cores = torch.get_num_threads() if device.type == "cpu" and width <= _WIDTH else 1
        self.size = max(1, min(cores, lanes // _LANES))
        cuts = [lanes * i // self.size for i in range(self.size + 1)]
        self.shares = [slice(*pair) for pair in pairwise(cuts)]
        small = device.type == "cpu" and lanes * width < _SMALL
        self.alone = self.size == 1 and not small  # the caller's own thread, with all its cores
        if not self.alone:
            self.threads = ThreadPoolExecutor(
                self.size, "lanes", torch.set_num_threads, (1 if small else cores // self.size,)
            )

    def map(self, work: Callable[[slice], R]) -> list[R]:
        """`work` on every share of the lanes, in their order."""
        if self.alone:
            return [work(self.shares[0])]
        return list(self.threads.map(work, self.shares))

    def gradients(
        self, model: CharRNN, ids: Tensor, state: State, *, bf16: bool
    ) -> tuple[Tensor, list[Tensor], State]:
        """Forward and back over ids (T + 1, B): the mean loss, its gradients, the state after.

        One gradient a parameter, in their order. The loss stays on the device.
        """
        params, lanes = list(model.parameters()), ids.shape[1]
        masks = model.dropout(lanes)  # drawn here: the threads' order must not matter

        def work(share: slice) -> tuple[Tensor, tuple[Tensor, ...], State]:
            before = tuple(tuple(part[share] for part in layer) for layer in state)
            with autocast(ids.device, bf16):
                logits, after = model(ids[:-1, share], before, [mask[:, share] for mask in masks])
                loss = F.cross_entropy(logits.flatten(0, 1), ids[1:, share].flatten())
            loss = loss * ((share.stop - share.start) / lanes)
            return loss.detach(), torch.autograd.grad(loss, params), detached(after)

        losses, gradients, states = zip(*self.map(work), strict=True)
        return (
            torch.stack(losses).sum(),
            [sum(shares[1:], start=shares[0]) for shares in zip(*gradients, strict=True)],
            joined(states) if self.size > 1 else states[0],
        )
