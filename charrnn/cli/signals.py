"""Ctrl-C, `kill` and a closed terminal: long work asks between two steps whether to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]


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
