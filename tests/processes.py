"""The command in processes of its own, which are forked by one that has loaded torch."""

import atexit
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["torch"])


class Command:
    """`charrnn ARGS` in a folder: a process with streams, such as `subprocess.Popen` starts.

    `stdout` and `stderr` are pipes if they are not given as file descriptors; `stdin` is empty.
    Loading torch takes three times as long as a small run: one process does it for all.
    """

    def __init__(
        self, home: Path, *args: str, stdout: int | None = None, stderr: int | None = None,
        env: Mapping[str, str] | None = None, ignored: Sequence[signal.Signals] = (),
    ) -> None:  # fmt: skip
        pipes = [os.pipe() if given is None else (None, given) for given in (stdout, stderr)]
        streams = [os.open(os.devnull, os.O_RDONLY), *(writer for _, writer in pipes)]
        about = args, home, {**os.environ, **(env or {})}, ignored, [*map(DupFd, streams)]
        self.process = _CONTEXT.Process(target=_run, args=about)
        self.process.start()
        for reader, writer in [*pipes, (0, streams[0])]:
            if reader is not None:
                os.close(writer)
        self.stdout, self.stderr = (
            None if reader is None else os.fdopen(reader, encoding="utf-8") for reader, _ in pipes
        )

    def send_signal(self, number: int) -> None:
        assert self.process.pid
        os.kill(self.process.pid, number)

    def wait(self) -> int | None:
        """The exit code, or minus the signal that has ended it."""
        self.process.join(60)
        return self.process.exitcode

    def communicate(self) -> tuple[str, str]:
        """The rest of what it says, and the end of it; `returncode` is known then."""
        said = [stream.read() if stream else "" for stream in (self.stdout, self.stderr)]
        for stream in filter(None, (self.stdout, self.stderr)):
            stream.close()
        self.returncode = self.wait()
        return said[0], said[1]


def _run(args: Any, home: Path, env: Any, ignored: Any, streams: list[Any]) -> None:
    """Become the command, as a fresh interpreter would."""
    os.chdir(home)
    os.environ.clear()
    os.environ.update(env)
    for number, stream in enumerate(streams):
        os.dup2(stream.detach(), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8") for number, mode in enumerate("rww")
    )
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    sys.argv = ["charrnn", *args]
    from charrnn.__main__ import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()
