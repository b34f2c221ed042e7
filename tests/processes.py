"""The command in processes of its own, which are forked by one that has loaded torch."""

import atexit
import multiprocessing
import os
import signal
import sys

import pytest

if os.name != "posix":
    pytest.skip("there are no such processes", allow_module_level=True)
from multiprocessing.reduction import DupFd

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["torch"])  # which takes three times as long as a small run


class Command(CONTEXT.Process):
    """`charrnn ARGS` in a folder, with streams as `subprocess.Popen` has them; stdin is empty.

    `stdout` and `stderr` are pipes to be read, where they are not given as file descriptors.
    """

    def __init__(self, home, *args, stdout=None, stderr=None, env=None, ignored=()):
        pipes = [os.pipe() if given is None else (None, given) for given in (stdout, stderr)]
        streams = [DupFd(writer) for _, writer in pipes]
        about = args, home, {**os.environ, **(env or {})}, ignored, streams
        super().__init__(target=become, args=about)
        self.start()
        for reader, writer in pipes:
            if reader is not None:
                os.close(writer)
        self.stdout, self.stderr = (
            None if reader is None else os.fdopen(reader, encoding="utf-8") for reader, _ in pipes
        )

    def communicate(self):
        """What else it says on stdout and on stderr; it has ended then."""
        with self.stdout, self.stderr:
            said = self.stdout.read(), self.stderr.read()
        self.join()
        return said


def become(args, home, env, ignored, streams):
    """Be the command, as a fresh interpreter would."""
    os.chdir(home)
    os.environ.clear()
    os.environ.update(env)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream.detach(), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8") for number in (1, 2))
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup may have started the tests
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    sys.argv = ["charrnn", *args]
    from charrnn.__main__ import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()
