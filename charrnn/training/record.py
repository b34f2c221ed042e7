"""Training with every event shown, and written to the run's metrics and to other listeners."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from typing import Protocol

from charrnn.errors import from_os
from charrnn.events import Emit, Event, Finished, Noticed
from charrnn.storage.metrics import Metrics
from charrnn.storage.runs import METRICS, MODEL, TRAINING
from charrnn.training.repeat import command
from charrnn.training.run import Run
from charrnn.training.whole_run import train

Listeners = Mapping[str, Callable[[Run], "Listener"]]
"""Makers of listeners to the events of a run, by the names of what they write."""
NO_LISTENERS: Listeners = {}


class Listener(Protocol):
    """Writes a run's events somewhere. OSError where the disk refuses."""

    def __call__(self, event: Event) -> None: ...
    def close(self) -> None:
        """Close its files."""
        ...


def train_and_record(
    run: Run, show: Emit, stop: Callable[[], bool], listeners: Listeners = NO_LISTENERS
) -> None:
    """Train to the end or until `stop()`. Errors as in `train`.

    A run that fails before its first step leaves no folder behind. `listeners` write its events,
    as its metrics file does.
    """
    try:
        if run.finished:
            done = f"Run {run.plan.folder.name} has already finished its {run.step:,} steps."
            advice = "To train it further, give a greater --time, --epochs or --steps."
            show(Noticed(f"{done} {advice}"))
        elif run.plan.ranks.is_first:
            _train_and_record(run, show, stop, listeners)
        else:
            train(run, lambda _: None, stop)
    finally:
        run.release()


def _train_and_record(run: Run, show: Emit, stop: Callable[[], bool], listeners: Listeners) -> None:
    is_new = not (run.plan.folder / TRAINING).exists()
    try:
        with ExitStack() as stack:
            metrics: Listeners = {METRICS: lambda run: Metrics(run.plan.folder)}
            writers = [
                _tolerant(name, stack.enter_context(closing(make(run))), show)
                for name, make in {**metrics, **listeners}.items()
            ]

            def emit(event: Event) -> None:
                for write in writers:
                    write(event)
                if isinstance(event, Finished) and not event.interrupted:
                    show(Noticed(_how_to_repeat(run)))
                show(event)

            train(run, emit, stop)
    except BaseException:
        if is_new and not run.step and not (run.plan.folder / MODEL).exists():
            shutil.rmtree(run.plan.folder, ignore_errors=True)
        raise


def _tolerant(name: str, write: Emit, show: Emit) -> Emit:
    """Writes events; what the disk refuses is shown once, and does not stop the training."""
    reported = set[str]()

    def emit(event: Event) -> None:
        try:
            write(event)
        except OSError as error:
            if (refused := from_os(error).message) not in reported:
                reported.add(refused)
                show(Noticed(f"{name} will have a gap: {refused}."))

    return emit


def _how_to_repeat(run: Run) -> str:
    if run.length.adjusted or run.recovery.learning_rate_scale != 1:
        how = "Its length or learning rate was adjusted on the way. This comes closest to it:"
    else:
        how = "To repeat this run exactly:"
    return f"{how}\n  {command(run)}"
