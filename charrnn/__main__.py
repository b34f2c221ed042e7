"""The command `charrnn`, also as `python -m charrnn`: Ctrl-C ends it quietly, whenever it comes."""

import _signal as signal  # type: ignore[import-not-found]  # loaded already, where `signal` takes 5 ms
import os

_INTERRUPTED = 130


def main() -> None:
    """Load the command and run it.

    Ctrl-C ends it with 130. In the middle of an import it could become another exception, or a
    traceback of Python's; later it is a KeyboardInterrupt, so that `finally` blocks run.
    """
    interrupts: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        interrupts.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # under nohup it is ignored
        signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    from charrnn.cli.main import main as run
    from charrnn.cli.process import flush_or_drop

    try:
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, interrupt)
        run()
    finally:
        if interrupts:
            flush_or_drop()
            os._exit(_INTERRUPTED)  # Python would wait for threads, or end by the signal


if __name__ == "__main__":
    main()
