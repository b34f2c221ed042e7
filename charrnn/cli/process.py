"""Streams and threads of the process of a command."""

import atexit
import os
import sys
from contextlib import suppress


def open_streams() -> None:
    """Replace streams that the caller closed, which are None in Python, by the null device.

    Also see to it that output which cannot be written fails once, when it is written.
    """
    atexit.register(_flush_or_drop)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  (open until exit)


def _flush_or_drop() -> None:
    """Drop what cannot be flushed: Python would try again at exit, and end with code 120."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(ValueError):  # it is closed
            try:
                stream.flush()
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def use_one_numpy_thread() -> None:
    """Before NumPy is loaded: two threads add up in another order than one, and round otherwise."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"


def limit_threads() -> None:
    """Before NumPy or torch is loaded: keep their threads from spinning beside a busy process.

    By default a thread that waits for others spins for milliseconds; if another process needs the
    processor, the thread that all wait for does not get it. On two cores beside one busy process
    a training step took half as long with torch's threads asleep after 1000 spins, and as long as
    before on a quiet machine; sampling twenty texts of a 2x256 network took 0.2 s with one NumPy
    thread, 9.6 s with two.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def is_launched() -> bool:
    """Whether torchrun has started this process, as one of several or alone."""
    return "RANK" in os.environ and "TORCHELASTIC_RESTART_COUNT" in os.environ
