"""Starting several processes on this machine, by PyTorch's own launcher."""

import logging
import os
import sys
import uuid
from collections.abc import Sequence
from tempfile import NamedTemporaryFile

import torch
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from charrnn.extras.processes.exit_codes import EXIT_CODE_FILE, noted_exit_code

_SHUTDOWN = 120  # seconds that the processes have to save after a signal


def launch(arguments: Sequence[str], processes: int, max_restarts: int) -> int:
    """Run `charrnn ARGUMENTS` in so many processes, as `torchrun -m charrnn` would; its exit code.

    The cores are divided among them. A killed process has all started again, `max_restarts` times.
    """
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
        shutdown_timeout=_SHUTDOWN,
    )
    with NamedTemporaryFile("r") as file:
        os.environ[EXIT_CODE_FILE] = file.name
        try:
            code = _code_of(elastic_launch(config, sys.executable), arguments)
        finally:
            del os.environ[EXIT_CODE_FILE]  # it is for the processes, not for this one
        return noted_exit_code(file, code)


def _code_of(run: elastic_launch, arguments: Sequence[str]) -> int:
    """The exit code that the launcher's end stands for."""
    try:
        run("-m", "charrnn", *arguments)
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        return failure.exitcode if failure.exitcode > 0 else 1
    except SignalException as error:
        return 128 + int(error.sigval)
    return 0
