"""`charrnn train --processes N`: the command again, in several processes."""

import os
import sys

import typer

from charrnn.cli.process import is_launched
from charrnn.errors import UsageError


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
        from charrnn.extras.processes.launch import launch

        raise typer.Exit(launch(sys.argv[1:], processes, max_restarts or 0))
