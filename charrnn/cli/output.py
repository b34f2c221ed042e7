"""Writing a binary file, to a path or to stdout."""

import sys
from pathlib import Path

from charrnn.errors import UsageError


def check_stdout(json: bool) -> None:
    """Raise UsageError where stdout cannot take the file."""
    if json:
        raise UsageError("stdout cannot take both the file and --json", "Name a file: -o OUT.")
    if sys.stdout.isatty():
        raise UsageError(
            "a terminal cannot show a binary file",
            "Name a file, -o OUT, or send stdout into a pipe.",
        )


def write_bytes(data: bytes, path: Path | None) -> None:
    """Write a file whole, or not at all; None: to stdout, silently if the pipe is closed."""
    if path is None:
        from charrnn.display.stdout import stop_at_closed_pipe

        with stop_at_closed_pipe():
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        return
    from charrnn.files import atomic_write

    with atomic_write(path) as file:
        file.write(data)
