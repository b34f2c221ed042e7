"""`charrnn train --processes N`: the command again in N processes of this machine.

PyTorch's launcher starts all of them again where one does not end with 0. Where that would not
help, a process notes its exit code in a file, after the number of restarts before, and ends with 0.
"""

import logging
import os
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from charrnn.cli.process import is_launched
from charrnn.errors import CharRNNError, UsageError

EXIT_CODE_FILE = "CHARRNN_EXIT_CODE_FILE"
"""The environment variable that names the file."""

_DESCRIPTORS, _DESCRIPTORS_EACH = 48, 16  # open files, with room to spare
_SHUTDOWN = 120  # seconds that the processes have to save after a signal; with torch 2.6: 30


def train_in_processes(processes: int | None, max_restarts: int | None, batch_size: int) -> None:
    """Start this command in several processes, and end as they do; nothing if they are started.

    UsageError for a number of processes or restarts that does not fit.
    """
    if not processes:
        raise UsageError(
            "--max-restarts has no effect without --processes",
            "Give both; torchrun has a flag --max-restarts of its own.",
        )
    if is_launched() and str(processes) != os.environ["WORLD_SIZE"]:
        raise UsageError(
            f"torchrun has started {os.environ['WORLD_SIZE']} processes, not {processes}",
            "Leave --processes out: torchrun says how many there are.",
        )
    if processes > batch_size:  # a short text, which lowers it, is noticed later
        raise UsageError(
            f"a batch of {batch_size} sequences cannot be split among {processes} processes",
            "Use fewer processes, or a greater --batch-size.",
        )
    if not is_launched():
        _check_descriptors(processes)
        sys.exit(_launch(processes, max_restarts or 0))


def _check_descriptors(processes: int) -> None:
    """CharRNNError where the system allows fewer open files than so many processes need."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _DESCRIPTORS + _DESCRIPTORS_EACH * processes
    if most != resource.RLIM_INFINITY and most < needed:
        raise CharRNNError(
            f"a process may have only {most} files open here, too few for {processes} processes",
            f"Allow {needed} or more: ulimit -n {needed}",
        )


def _launch(processes: int, max_restarts: int) -> int:
    """Run this command in so many processes, as torchrun would, and return its exit code.

    The cores are divided among them. A killed process has all started again, `max_restarts` times.
    """
    import torch
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # gloo hangs now and then after a restart in which the launcher's store is shared
    os.environ.setdefault("TORCH_DISABLE_SHARE_RDZV_TCP_STORE", "1")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # warnings when a process is lost
    cores = torch.get_num_threads()
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores // processes)))
    logging.disable(logging.CRITICAL)  # the launcher's reports of what the processes say themselves
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=max_restarts,
        monitor_interval=0.1,
    )
    config.shutdown_timeout = _SHUTDOWN  # no argument of torch 2.6, which does not know it
    with TemporaryDirectory() as folder:  # on Windows others cannot open a NamedTemporaryFile
        codes = Path(folder) / "codes"
        codes.touch()
        os.environ[EXIT_CODE_FILE] = str(codes)
        try:
            code = _code_of(elastic_launch(config, sys.executable))
        finally:
            del os.environ[EXIT_CODE_FILE]  # it is for the processes, not for this one
        return noted_exit_code(codes.read_text("utf-8").splitlines(), code)


def _code_of(launcher: Any) -> int:
    """The exit code that the launcher's end stands for."""
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    try:
        launcher("-m", "charrnn", *sys.argv[1:])
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        return failure.exitcode if failure.exitcode > 0 else 1
    except SignalException as error:
        return 128 + int(error.sigval)
    return 0


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
