"""The processes that train one run together, as PyTorch's launcher (torchrun) starts them.

Each process has a number, its *rank*. It computes its part of every batch, and gradients, losses
and scores are summed over all ranks, so that all of them hold the same weights. What depends on
the clock, on a signal or on the disk is decided on the first rank, and the others follow.
"""

import atexit
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any, Self, TypeVar

import torch
from torch import Tensor, distributed

from charrnn.errors import CharRNNError, LostError, UsageError
from charrnn.network.layers import State

_SILENCE = timedelta(seconds=45)
"""After which a rank that does not answer counts as lost, so that no other waits for ever."""
_BRIEFLY = 10.0  # seconds that a message waits for a store that may have ended
_POLL = 0.02  # seconds

T = TypeVar("T")


class Ranks:
    """One process, alone, or one of several that train together."""

    launch = ""
    """The launch that these processes belong to, through all restarts."""
    restarts = 0
    """How often the launcher has started the processes again."""

    def __init__(self, rank: int = 0, size: int = 1, local: int = 0, store: Any = None) -> None:
        """`local`: number among the processes of this machine. `store`: what all can write to."""
        self.rank, self.size, self.local = rank, size, local
        self._store = store
        self._messages = 0
        self._launcher = os.getppid()

    @classmethod
    def join(cls) -> Self:
        """The ranks that torchrun's environment describes, once all of them are there."""
        from torch.distributed.rendezvous import rendezvous

        store, rank, size = next(rendezvous("env://"))
        gpus = torch.cuda.is_available() and distributed.is_nccl_available()
        backend = "cpu:gloo,cuda:nccl" if gpus else "gloo"
        ranks = cls(rank, size, int(os.environ.get("LOCAL_RANK", "0")), store)
        if gpus:
            torch.cuda.set_device(ranks.local % torch.cuda.device_count())
        store.set_timeout(_SILENCE)
        given = os.environ.get("TORCHELASTIC_RUN_ID", "none")
        ranks.launch = f"agent {os.getppid()}" if given == "none" else given
        ranks.restarts = _restarts()
        with _answered():
            distributed.init_process_group(
                backend, store=store, rank=rank, world_size=size, timeout=_SILENCE
            )
        atexit.register(_destroy_group)  # after an error or an interrupt, too
        return ranks

    @property
    def is_first(self) -> bool:
        """Whether this process decides, writes and prints."""
        return self.rank == 0

    @property
    def is_orphan(self) -> bool:
        """Whether the launcher has died, which could start nothing again."""
        return self.size > 1 and os.getppid() != self._launcher

    def check_complete(self) -> None:
        """UsageError for one of several processes that torchrun started, but that trains alone."""
        started = distributed.is_torchelastic_launched() and int(os.environ.get("WORLD_SIZE", "1"))
        if self.size == 1 and started > 1:
            raise UsageError(
                "torchrun has started several processes, each of which would train all by itself",
                "Start this without torchrun; charrnn train is what trains one run in all of them.",
            )

    def part(self, count: int) -> slice:
        """The part of this rank of `count` things that are split evenly."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def device_name(self, name: str) -> str:
        """The device that a setting names, for this rank: each has a GPU of its own.

        UsageError for one that several ranks cannot have.
        """
        if self.size == 1 or name == "cpu":
            return name
        if name not in ("auto", "cuda"):
            raise UsageError(
                f"several processes cannot all train on {name}",
                "Leave --device out: each takes a GPU of its own, or some of the cores.",
            )
        return f"cuda:{self.local}" if torch.cuda.is_available() else name

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors of one type and device by their sums over all ranks, in one message."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.detach().flatten() for tensor in tensors])
        with _answered():
            distributed.all_reduce(flat)
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.detach().copy_(part.view_as(tensor))

    def sums(self, *numbers: float) -> list[float]:
        """The sums of numbers over all ranks."""
        totals = torch.tensor(numbers, dtype=torch.float64)
        self.sum([totals])
        return totals.tolist()

    def gather(self, state: State, batch_size: int) -> State:
        """The state of the whole batch, from each rank's part of it."""
        if self.size == 1 or not state:
            return state
        part, arrays = self.part(batch_size), [array for layer in state for array in layer]
        joined = [array.new_zeros(batch_size, *array.shape[1:]) for array in arrays]
        for mine, array in zip(joined, arrays, strict=True):
            mine[part] = array
        self.sum(joined)
        remaining = iter(joined)
        return tuple(tuple(next(remaining) for _ in layer) for layer in state)

    def broadcast(self, make: Callable[[], T]) -> T:
        """What `make` gives on the first rank, however long it takes there; only there it runs.

        Where it raises an error the others end with its exit code, and need not say why.
        """
        if self.size == 1:
            return make()
        message: list[Any] = [None, 0]
        if self.is_first:
            try:
                message[0] = make()
            except Exception as error:
                self._send([None, getattr(error, "exit_code", 1)])
                raise
        value, code = self._send(message)
        if code:
            elsewhere = CharRNNError("the first process of this run has failed")
            elsewhere.exit_code, elsewhere.said = code, True
            raise elsewhere
        return value  # type: ignore[no-any-return]  # it is what make gave

    def _send(self, message: list[Any]) -> list[Any]:
        """A list from the first rank to all. Others wait for it as long as the launcher lives."""
        self._messages += 1
        key = f"message {self._messages}"
        with _answered():
            if self.is_first:
                self._ask(lambda: self._store.set(key, "sent"))
            self._wait_for(key)
            distributed.broadcast_object_list(message)
        return message

    def _wait_for(self, *keys: str) -> None:
        """Until all keys are in the store: there is no limit, unless the store does not answer."""
        while not self._ask(lambda: self._store.check([*keys])):
            time.sleep(_POLL)

    def _ask(self, question: Callable[[], T], seconds: float = _SILENCE.total_seconds()) -> T:
        """What the store answers. RuntimeError where it does not, as a stopped process does not.

        The store's own time limit is none for reading an answer, so that a thread asks it.
        """
        answer: Future[T] = Future()

        def ask() -> None:
            try:
                answer.set_result(question())
            except Exception as error:
                answer.set_exception(error)

        thread = Thread(target=ask, daemon=True)
        thread.start()
        thread.join(seconds)  # one that still runs when Python ends would abort the process
        if thread.is_alive():
            raise RuntimeError("no answer from the store")
        return answer.result()

    def wait_for_all(self, *, leaving: bool = False) -> None:
        """Wait, however long, until all ranks are here; if they are `leaving`, the first does."""
        if self.size == 1:
            return
        self._messages += 1
        keys = [f"message {self._messages} of {rank}" for rank in range(self.size)]
        with _answered():
            self._ask(lambda: self._store.set(keys[self.rank], "sent"))
            if self.is_first or not leaving:
                self._wait_for(*keys)

    def wait_for_first(self) -> None:
        """Wait until the first rank is here, however long its disk takes."""
        self.broadcast(lambda: None)

    def leave(self) -> None:
        """End the exchange of tensors: nothing is summed afterwards."""
        self.wait_for_all()  # one that went earlier would cut off what others still receive
        self.wait_for_all(leaving=True)  # the first one goes last: the store may be its own
        _destroy_group()

    def first_to_say(self, message: str) -> bool:
        """Whether no other rank has asked this: what all of them notice is said once."""
        if self.size == 1:
            return True
        try:
            return self._ask(lambda: int(self._store.add(f"said {message}", 1)), _BRIEFLY) == 1
        except RuntimeError:  # the store may have ended with the first rank
            return self.rank <= 1


def _destroy_group() -> None:
    """End the threads that exchange tensors: where Python ends before, they abort the process."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


@contextmanager
def _answered() -> Iterator[None]:
    """A block that waits for other ranks. LostError if one of them does not answer."""
    try:
        yield
    except RuntimeError as error:  # all that torch raises, whatever the backend
        lost = LostError("a process of this run has ended or does not answer")
        lost.will_restart = _restarts() < int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0"))
        again = "All are started again, from the last checkpoint."
        lost.hint = again if lost.will_restart else "What was saved is kept."
        raise lost from error


def _restarts() -> int:
    """How often the launcher has started the processes again."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))


ALONE = Ranks()
"""A process that trains by itself."""
