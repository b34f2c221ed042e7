"""The file in which processes note their exit codes for the launcher.

The launcher starts all processes again where one of them does not end with 0. Where that would not
help, a process notes its code in the file, after the number of restarts before, and ends with 0.
"""

import os
from collections.abc import Iterable

EXIT_CODE_FILE = "CHARRNN_EXIT_CODE_FILE"
"""The environment variable that names the file."""


def note_exit_code(code: int, may_help_again: bool) -> int:
    """Note the code of this process where a restart would not help; return what it ends with."""
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    try:
        # others write to it, too
        descriptor = os.open(os.environ[EXIT_CODE_FILE], os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:  # the launcher has gone
        return code
    with open(descriptor, "r+") as file:
        if not may_help_again:
            file.write(f"{attempt} {code}\n")
        file.seek(0)
        ended = any(line.split()[0] == attempt for line in file)
    return 0 if ended else code


def noted_exit_code(file: Iterable[str], code: int) -> int:
    """The first code but 0 that was noted after the last restart, or else `code`."""
    noted = [line.split() for line in file]
    last = [int(exit_code) for attempt, exit_code in noted if attempt == noted[-1][0]]
    return next((exit_code for exit_code in last if exit_code), code)
