"""Training with every event shown, and written to the run's metrics."""

import shutil
from collections.abc import Callable
from contextlib import closing

from charrnn.errors import from_os
from charrnn.events import Emit, Event, Finished, Noticed
from charrnn.storage.metrics import Metrics
from charrnn.storage.runs import METRICS, MODEL, TRAINING
from charrnn.training.loop import train
from charrnn.training.repeat import command
from charrnn.training.run import Run


def train_and_record(run: Run, show: Emit, stop: Callable[[], bool]) -> None:
    """Train to the end or until `stop()`. Errors as in `train`.

    A run that fails before its first step leaves no folder behind.
    """
    name, reported = run.folder.name, set[str]()
    if run.finished:
        done = f"Run {name} has already finished its {run.step:,} steps."
        show(Noticed(f"{done} To train it further, give a greater --time, --epochs or --steps."))
        return
    is_new = not (run.folder / TRAINING).exists()
    try:
        with closing(Metrics(run.folder)) as metrics:

            def emit(event: Event) -> None:
                try:
                    metrics(event)
                except OSError as error:  # no reason to stop the training
                    if (refused := from_os(error).message) not in reported:
                        reported.add(refused)
                        show(Noticed(f"{METRICS} will have a gap: {refused}."))
                if isinstance(event, Finished) and not event.interrupted:
                    show(Noticed(_how_to_repeat(run)))
                show(event)

            train(run, emit, stop)
    except BaseException:
        if is_new and not run.step and not (run.folder / MODEL).exists():
            shutil.rmtree(run.folder, ignore_errors=True)
        raise


def _how_to_repeat(run: Run) -> str:
    if run.length.adjusted or run.recovery.learning_rate_scale != 1:
        how = "Its length or learning rate was adjusted on the way. This comes closest to it:"
    else:
        how = "To repeat this run exactly:"
    return f"{how}\n  {command(run)}"
