"""What Windows lacks and refuses, where it is had and allowed: `with windows():`."""

import gc
import os
import shutil
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import filelock  # noqa: F401  (it takes its lock from `fcntl` here, from `msvcrt` there)
import pytest

LACKING = {
    os: ("fork", "mkfifo", "posix_fadvise", "sched_getaffinity"),
    signal: ("SIGHUP", "pthread_sigmask"),
}
MODULES = ("fcntl", "pty", "readline", "resource", "termios")


def paths_in_use():
    """The files that this process has open or mapped into memory."""
    descriptors = Path("/proc/self/fd").iterdir()
    opened = {os.readlink(link) for link in descriptors if os.path.lexists(link)}
    lines = Path("/proc/self/maps").read_text("utf-8").splitlines()
    return opened | {line.split(maxsplit=5)[5] for line in lines if line.count("/")}


def is_used(path):
    return any(f"{name}/".startswith(f"{os.path.realpath(path)}/") for name in paths_in_use())


def refusing(function):
    """A function of `os` that neither moves nor removes a file in use, nor a folder with one."""

    def careful(*paths, **named):
        if any(map(is_used, paths)):
            gc.collect()  # what only waits for that would be gone in a process of its own
        for path in filter(is_used, paths):
            raise PermissionError(13, "it is being used", str(path))
        return function(*paths, **named)

    return careful


def open_file(path, *flags, _open=os.open, **named):
    """`os.open`, which opens no folder."""
    if os.path.isdir(path) and flags[0] & os.O_TMPFILE != os.O_TMPFILE:
        raise PermissionError(13, "it is a folder", str(path))
    return _open(path, *flags, **named)


@contextmanager
def windows():
    """A block in which this process meets with what it would on Windows."""
    with pytest.MonkeyPatch.context() as patch:
        for module, names in LACKING.items():
            for name in names:
                patch.delattr(module, name)
        for name in MODULES:
            patch.setitem(sys.modules, name, None)
        for name in ("remove", "rename", "replace", "rmdir", "unlink"):
            patch.setattr(os, name, refusing(getattr(os, name)))
        patch.setattr(os, "open", open_file)
        patch.setattr(shutil, "_use_fd_functions", False)
        yield patch
