"""Encoding a text that comes in pieces, here or in several processes: always to the same ids.

New processes are started (spawn), which is safe on every system; each reads the tokenizer once.
"""

import os
import signal
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from charrnn.errors import CharRNNError, TextError
from charrnn.events import Emit
from charrnn.settings import TextSettings, UnknownName
from charrnn.text.decompression import PIECE
from charrnn.text.source import read_text
from charrnn.text.source_files import shown_name
from charrnn.text.tokenizers import Ids, Tokenizer, from_json, to_json
from charrnn.text.unknown import known_text

if TYPE_CHECKING:
    from concurrent.futures import Future

BLOCK = 1 << 18
"""Characters that a process encodes at a time, at least: sending them takes little beside that, and
Ctrl-C, which waits for two blocks a process, acts at once."""
_LONGEST = 1 << 30  # characters of a text that is held in memory
_MOST = 60  # processes that Python can wait for on Windows
_SIGNALS = {getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)}
_tokenizers: list[Tokenizer] = []  # the one of a process that encodes


def read_tokens(
    source: str | Path,
    tokenizer: Tokenizer,
    settings: TextSettings,
    emit: Emit,
    unknown: UnknownName = "error",
) -> tuple[Ids, int]:
    """All of a source's text as ids (N,), and how many characters were left out or replaced.

    TextError if it cannot be read, or has unknown characters that are an error.
    """
    text = "".join(bounded(read_text(source, settings, emit, tokenizer.raw), source))
    text, lacking = known_text(text, tokenizer, unknown)
    pieces = (text[start : start + PIECE] for start in range(0, len(text), PIECE))
    ids = list(encode_pieces(tokenizer, pieces))
    return (np.concatenate(ids) if ids else np.zeros(0, np.uint8)), sum(map(Counter.total, lacking))


def bounded(pieces: Iterable[str], source: str | Path) -> Iterator[str]:
    """The pieces of a text that is held in memory. TextError where it is too long, or endless."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _LONGEST:
            raise TextError(
                f"{shown_name(source)} has more than {_LONGEST >> 20} million characters",
                "So much is not read at once: take a part of it.",
            )
        yield piece


def encode_pieces(
    tokenizer: Tokenizer, pieces: Iterable[str], jobs: int = 1
) -> Generator[Ids, None, None]:
    """The ids of a text that comes in pieces: those of the whole, wherever it is cut.

    With `jobs` above 1 several processes encode, unless the ids are bytes. They end with the
    generator, so close it. Memory grows with the longest piece and with `jobs`, not with the text.
    TextError for a character without a token, CharRNNError if a process does not start or ends.
    """
    if jobs == 1 or tokenizer.raw:  # bytes would take longer to send than to encode
        yield from map(tokenizer.encode, blocks(tokenizer, pieces))
    else:
        yield from _encoded_in_processes(tokenizer, blocks(tokenizer, pieces, BLOCK), jobs)


def blocks(tokenizer: Tokenizer, pieces: Iterable[str], least: int = 0) -> Iterator[str]:
    """The text in blocks that encode independently, each of at least `least` characters.

    What stands behind the last cut of a block is held, to begin the next one.
    """
    begun: list[str] = []
    size = 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        if size >= least:
            text = "".join(begun)
            cut = tokenizer.cut(text)
            if cut:
                yield text[:cut]
            begun, size = ([text[cut:]], len(text) - cut) if cut < len(text) else ([], 0)
    if begun:
        yield "".join(begun)


def _encoded_in_processes(tokenizer: Tokenizer, blocks: Iterable[str], jobs: int) -> Iterator[Ids]:
    """The ids of each block, two blocks a process ahead. The processes end with the generator.

    CharRNNError if a process is killed.
    """
    from concurrent.futures import ProcessPoolExecutor  # these three take 40 ms
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    jobs = min(jobs, _MOST)
    encoded: deque[Future[Ids]] = deque()
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (to_json(tokenizer),))
    try:
        for block in blocks:
            if len(encoded) == 2 * jobs:
                yield encoded.popleft().result()
            with _starting_a_process():
                encoded.append(pool.submit(_encode, block))
        while encoded:
            yield encoded.popleft().result()
    except BrokenProcessPool:
        raise CharRNNError(
            "a process that encodes the text has ended too early",
            "It may have been killed because memory ran out: try again with --jobs 1.",
        ) from None
    finally:
        with _uninterrupted():  # a second Ctrl-C would leave processes that wait for ever
            pool.shutdown(cancel_futures=True)


@contextmanager
def _starting_a_process() -> Iterator[None]:
    """As `_uninterrupted`. CharRNNError if the system starts none."""
    try:
        with _uninterrupted():
            yield
    except OSError as error:
        raise CharRNNError(
            f"no process can be started: {error.strerror or error}",
            "Close other programs, or leave --jobs out.",
        ) from None


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Signals come after the block: a process that is started in it would miss its parent."""
    can_wait = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS) if can_wait else ()
    try:
        yield
    finally:
        if can_wait:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(tokenizer: dict[str, Any]) -> None:
    """What a process does first. It leaves Ctrl-C to its parent, and ends if that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):  # blocked where this process was started
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    Thread(target=_end_with_parent, daemon=True).start()
    _tokenizers.append(from_json(tokenizer))


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
        os._exit(1)


def _encode(block: str) -> Ids:
    return _tokenizers[0].encode(block)
