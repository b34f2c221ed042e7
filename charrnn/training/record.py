"""A run from beginning to end: what surrounds the loop, who hears of it, and how to repeat it."""

import shlex
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import fields
from typing import Any, Protocol

from charrnn.errors import CharRNNError, enough_memory, from_os
from charrnn.events import Emit, Event, Finished, Noticed, Planned, Started
from charrnn.settings import LENGTHS, flag, is_automatic, values_of, without_effect
from charrnn.storage.metrics import Metrics
from charrnn.storage.runs import METRICS, MODEL, TRAINING
from charrnn.training.checkpoints import Checkpoints
from charrnn.training.loop import loop
from charrnn.training.meter import Meter
from charrnn.training.outcome import outcome
from charrnn.training.run import Run
from charrnn.training.saving import DiskErrors, save_training
from charrnn.training.validation import Validation

Listeners = Mapping[str, Callable[[Run], "Listener"]]
"""Name of what is written -> a function that makes its writer for a run."""
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

    A run that fails before its first step leaves no folder. `listeners` write its events, as its
    metrics file does.
    """
    try:
        if run.finished:
            name = run.plan.folder.name
            done = f"Run {name} has already finished its {run.step:,} steps."
            further = f"charrnn train --resume --run {name} --more 5m"
            show(Noticed(f"{done} To train it further: {further}"))
        elif run.plan.ranks.is_first:
            _train_and_record(run, show, stop, listeners)
        else:
            train(run, lambda _: None, stop)
        run.plan.ranks.leave()
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
    why = ""
    if run.recovery.learning_rate_scale != 1:
        why = "it diverged and went back"
    elif run.length.adjusted:
        why = "its length changed after its learning rate had begun to fall"
    how = f"This run cannot be repeated exactly, as {why}. The closest command:"
    return f"{how if why else 'To repeat this run exactly:'}\n  {command(run)}"


def command(run: Run) -> str:
    """`charrnn train CORPUS` with every flag that differs from its default or was chosen.

    The corpus is named with its digest: another text may have the same name.

    The length is given in steps; for a timed run also the step at which the learning rate begins
    to fall, which time has decided.
    """
    words = [
        "charrnn",
        "train",
        run.plan.corpus.folder.name,
        *(["--from", run.plan.base] if run.plan.base else []),
    ]
    plan, settings = run.plan, run.plan.train
    # the parts are in the prepared corpus
    unused = {*LENGTHS, "hold_steps", "valid", "test"}
    unused |= without_effect(values_of(plan.model, settings, plan.text)).keys()
    for group in (plan.model, settings, plan.text):
        for field in fields(group):
            value = getattr(group, field.name)
            usual = plan.task.sizes.get(field.name, field.default)
            named = is_automatic(field) or value != usual or field.name == "split"
            if named and field.name not in unused:
                words += _with_value(field.name, value)
    if settings.epochs and not settings.steps:
        words += _with_value("epochs", settings.epochs)
    else:
        words += _with_value("steps", run.length.total_steps)
    hold = run.length.decay_start if settings.timed else settings.hold_steps
    if hold is not None and settings.schedule in ("linear", "cosine"):
        words += _with_value("hold_steps", max(0, round(hold)))
    if run.plan.ranks.size > 1:  # another number rounds sums otherwise
        words += _with_value("processes", run.plan.ranks.size)
    return shlex.join(words)


def _with_value(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag(name)]
    return [flag(name), str(value).removesuffix(".0")]


def train(run: Run, emit: Emit, stop: Callable[[], bool]) -> None:
    """Train to the last step, or until `stop()`. Everything is on disk afterwards.

    DivergedError where going back to the last checkpoint does not help, CharRNNError where memory
    runs out; what was saved stays.
    """
    run.synchronize()
    meter, disk = Meter(run, emit), DiskErrors(emit)
    validation = Validation(run, emit, disk, meter)
    checkpoints = Checkpoints(run, emit, disk, meter)
    emit(_started(run))
    if total := run.length.known_steps:
        emit(Planned(total))
    with enough_memory(lambda: _memory_ran_out(run.step)):
        if run.step == 0 and run.plan.base:
            validation.validate()  # what it begins with may remain the best
        if run.step == 0:
            save_training(run)  # so that there is always a checkpoint to go back to
        loop(run, meter, validation, checkpoints, stop)
    if run.plan.ranks.is_first:
        emit(outcome(run, emit))
    run.plan.ranks.wait_for_first()


def _memory_ran_out(step: int) -> CharRNNError:
    kept = " What was saved is kept." if step else ""
    return CharRNNError(
        f"memory ran out after step {step:,}",
        "Train with a smaller --batch-size, --seq-length or --hidden-size, or without the longest "
        f"examples.{kept}",
    )


def _started(run: Run) -> Started:
    model, settings, batches = run.model.settings, run.plan.train, run.batches
    tokens, noun = run.plan.task.counted
    return Started(
        run=run.plan.folder.name,
        path=str(run.plan.folder),
        corpus=run.plan.corpus.name,
        tokens=tokens,
        vocabulary_size=run.plan.corpus.tokenizer.size,
        unit=run.plan.task.unit,
        network=f"{model.cell} {model.size}",
        parameters=sum(p.numel() for p in run.model.parameters()),
        optimizer=settings.optimizer,
        schedule=settings.schedule,
        device=str(run.plan.device),
        precision="bf16" if run.plan.bf16 else "fp32",
        batch_size=batches.batch_size,
        seq_length=batches.seq_length,
        step=run.step,
        tokenizer=run.plan.text.tokenizer,
        processes=run.plan.ranks.size,
        counted=noun,
    )
