"""The process of a command: its streams, its threads, and the signals that stop it."""

import atexit
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]


def open_streams() -> None:
    """Replace streams that the caller closed, which are None in Python, by the null device.

    Also see to it that output which cannot be written fails once, when it is written.
    """
    atexit.register(flush_or_drop)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  (open until exit)


def flush_or_drop() -> None:
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


class Stop:
    """Called, it says whether to stop. `number` is the signal that asked for it, 0 for none."""

    number = 0

    def __call__(self) -> bool:
        return self.number != 0


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Within the block the first signal asks to stop; the second acts as it does outside.

    Signals that the process was started to ignore (nohup, a script's background job) stay ignored.
    """
    stop = Stop()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: was for number, was in before.items() if was is not signal.SIG_IGN}

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.number = number
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        restore()


def exit_on_termination(number: int, _frame: FrameType | None) -> None:
    """A handler that lets `finally` blocks run before a `kill` takes effect."""
    raise SystemExit(128 + number)
