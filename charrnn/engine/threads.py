"""Threads that split a batch between them.

A kernel that splits every small product among all cores makes them wait for one another at each
time step, and its working set outgrows a core's own cache. A thread that takes some of the
sequences through all time steps does neither: on two cores, an LSTM of 2x256 with a batch of 128
took 61 ms forward and back where the kernel's own threads took 87. A GPU is driven by one thread.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import torch

from charrnn.engine.module import AnyModule

_MIN_SEQUENCES = 32  # per thread: with fewer, products are too small to be efficient
_SMALL = 2048  # batch size times hidden size: below that one core is faster than two
_MAX_HIDDEN = 384  # above that a layer's weights outgrow the cache anyway, and it does not pay

R = TypeVar("R")


class BatchThreads:
    """As many threads as pay off, each with its slice of the batch and its part of the cores."""

    def __init__(self, device: torch.device, batch_size: int, hidden_size: int) -> None:
        on_cpu = device.type == "cpu"
        cores = torch.get_num_threads() if on_cpu and hidden_size <= _MAX_HIDDEN else 1
        self.size = max(1, min(cores, batch_size // _MIN_SEQUENCES))
        self.slices = self._slices(batch_size)
        self.replicas: list[AnyModule] = []
        small = on_cpu and batch_size * hidden_size < _SMALL
        self.pool: ThreadPoolExecutor | None = None  # None: the caller's thread, with all its cores
        if self.size > 1 or small:
            cores_each = 1 if small else cores // self.size
            self.pool = ThreadPoolExecutor(self.size, "batch", torch.set_num_threads, (cores_each,))

    def _slices(self, batch_size: int) -> list[slice]:
        size = max(1, min(self.size, batch_size // _MIN_SEQUENCES))
        return [slice(*pair) for pair in pairwise(batch_size * i // size for i in range(size + 1))]

    def map(self, work: Callable[[slice], R], slices: Sequence[slice] = ()) -> list[R]:
        """`work` on every slice of the batch, or on these, in order."""
        spread = self.pool.map if self.pool else map
        return list(spread(work, slices or self.slices))

    def backward(
        self, model: AnyModule, work: Callable[[AnyModule, slice], R], batch_size: int
    ) -> list[R]:
        """`work` on every slice of a batch, which may be smaller than the one that it is made for.

        The gradients that it leaves are added up in the model's `.grad`. Each slice but the first
        has a replica of the model, which shares its weights but not its gradients, so that two
        threads never write to one gradient.
        """
        if not self.replicas or self.replicas[0] is not model:
            self.replicas = [model, *(model.replica() for _ in self.slices[1:])]
        slices = self._slices(batch_size)
        models = {part.start: m for part, m in zip(slices, self.replicas, strict=False)}
        results = self.map(lambda part: work(models[part.start], part), slices)
        for parameter, *others in zip(*(m.parameters() for m in models.values()), strict=True):
            for other in others:
                assert parameter.grad is not None
                assert other.grad is not None
                parameter.grad += other.grad
                other.grad = None
        return results
