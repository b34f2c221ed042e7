"""Encoding blocks of a text in several processes, in their order, with a bounded number on the way.

New processes are started (spawn), which is safe on every system; each reads the tokenizer once.
"""

import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

from charrnn.errors import CharRNNError
from charrnn.text.tokenizers import Ids, Tokenizer, from_json, to_json

_MOST = 60  # processes that Python can wait for on Windows
_tokenizers: list[Tokenizer] = []  # the one of a process that encodes


def encode_in_processes(tokenizer: Tokenizer, blocks: Iterable[str], jobs: int) -> Iterator[Ids]:
    """The ids of each block, two blocks a process ahead. CharRNNError if a process is killed."""
    jobs = min(jobs, _MOST)
    encoded: deque[Future[Ids]] = deque()
    with _pool(tokenizer, jobs) as pool:
        for block in blocks:
            if len(encoded) == 2 * jobs:
                yield encoded.popleft().result()
            encoded.append(_submit(pool, block))
        while encoded:
            yield encoded.popleft().result()


@contextmanager
def _pool(tokenizer: Tokenizer, jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that stop after the block, with what they are doing, whatever happens in it."""
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (to_json(tokenizer),))
    try:
        yield pool
    except BrokenProcessPool:
        raise CharRNNError(
            "a process that encodes the text has ended too early",
            "It may have been killed because memory ran out: try again with --jobs 1.",
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, block: str) -> Future[Ids]:
    """Hand a block to the pool, which may start a process for it."""
    with _interrupts_held():
        try:
            return pool.submit(_encode, block)
        except OSError as error:
            raise CharRNNError(
                f"no process can be started: {error.strerror or error}",
                "Close other programs, or leave --jobs out.",
            ) from None


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C comes after the block. A process that is started in it never gets one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(tokenizer: dict[str, Any]) -> None:
    """What a process does first. It leaves Ctrl-C to its parent, and ends if that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    _tokenizers.append(from_json(tokenizer))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _encode(block: str) -> Ids:
    return _tokenizers[0].encode(block)
