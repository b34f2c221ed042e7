"""What a command sees to in its own process, before it works."""

import atexit
import os
import sys
from contextlib import suppress


def open_streams() -> None:
    """A stream that the caller has closed is None in Python: then nothing is read or written.

    And what a stream refuses has been told when it is written: at the end it is let go.
    """
    atexit.register(_let_go)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  (for good)


def _let_go() -> None:
    """Python would try once more to write it, and exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(ValueError):  # it is closed
            try:
                stream.flush()
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def modest_threads() -> None:
    """Before NumPy or torch is loaded: how their threads behave beside another busy process.

    By default they spin for milliseconds where they wait for one another; when something else wants
    the processor, the one that all wait for does not get it. On two cores beside one busy process
    a training step took half as long with torch's threads asleep after 1000 spins, and as long as
    before on a quiet machine; and twenty texts of a 2x256 were sampled in 0.2 s by one of NumPy's
    threads, in 9.6 s by two.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
