"""Rich's consoles as the rest of the program needs them: for stderr, and for data on stdout."""

import sys

from rich.console import Console


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the program here."""
        raise BrokenPipeError


def console() -> Console:
    """Standard error, as Rich sees it."""
    return _Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def output(*, soft_wrap: bool = False) -> Console:
    """Standard output, as Rich sees it: UTF-8, unless it is a terminal of other habits."""
    if hasattr(sys.stdout, "reconfigure"):
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="replace")
    return _Console(highlight=False, soft_wrap=soft_wrap)
