"""What a command sets up in its own process: streams and threads."""

import atexit
import os
import sys
from contextlib import suppress

from charrnn.errors import EXIT_CODE_FILE


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


def launched_exit_code(code: int, may_help_again: bool) -> int:
    """The exit code of a process: its own, or what `--processes` wants to see.

    Its launcher starts all processes again where one of them does not end with 0. Where that would
    not help, the code is noted in the launcher's file instead, with the number of restarts before.
    """
    if not (path := os.environ.get(EXIT_CODE_FILE)):
        return code
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)  # others write to it, too
    except FileNotFoundError:  # the launcher has gone
        return code
    with open(descriptor, "r+") as file:
        if not may_help_again:
            file.write(f"{attempt} {code}\n")
        file.seek(0)
        ended = any(line.split()[0] == attempt for line in file)
    return 0 if ended else code
