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

_LANES = 32  # a thread's share at the least: with fewer, products are too thin to run well
_WIDTH = 384  # from here on a layer's weights outgrow the cache anyway, and it does not pay

R = TypeVar("R")


class Crew:
    """As many threads as pay, each with its share of the cores and of the lanes."""

    def __init__(self, device: torch.device, lanes: int, width: int) -> None:
        cores = torch.get_num_threads() if device.type == "cpu" and width <= _WIDTH else 1
        self.size = max(1, min(cores, lanes // _LANES))
        cuts = [lanes * i // self.size for i in range(self.size + 1)]
        self.shares = [slice(*pair) for pair in pairwise(cuts)]
        if self.size > 1:
            self.threads = ThreadPoolExecutor(
                self.size, "lanes", torch.set_num_threads, (cores // self.size,)
            )

    def map(self, work: Callable[[slice], R]) -> list[R]:
        """`work` on every share of the lanes, in their order."""
        if self.size == 1:
            return [work(self.shares[0])]
        return list(self.threads.map(work, self.shares))
