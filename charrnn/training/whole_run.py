"""A run from beginning to end: what surrounds the loop, and what is said of it."""

from collections.abc import Callable
from functools import partial

from charrnn.events import Emit, Finished, Planned, Started
from charrnn.training.checkpoints import Checkpoints
from charrnn.training.disk import DiskErrors
from charrnn.training.divergence import recovering
from charrnn.training.loop import Services, loop
from charrnn.training.meter import Meter
from charrnn.training.run import Run
from charrnn.training.saving import save_training
from charrnn.training.validation import Validation


def train(run: Run, emit: Emit, stop: Callable[[], bool]) -> None:
    """Train to the last step, or until `stop()`. Everything is on disk afterwards.

    DivergedError where going back to the last checkpoint does not help; what was saved stays.
    """
    run.synchronize()
    meter, disk = Meter(run, emit), DiskErrors(emit)
    validation = Validation(run, emit, disk, meter)
    checkpoints = Checkpoints(run, emit, disk, meter)
    emit(_started(run))
    emit(Planned(run.length.total_steps))
    if run.step == 0 and run.plan.base:
        validation.validate()  # what it begins with may remain the best
    if run.step == 0:
        save_training(run)  # so that there is always a checkpoint to go back to
    back = partial(recovering, run, emit, meter.restart)
    loop(run, Services(meter, validation, checkpoints, back), stop)
    emit(_finished(run))


def _started(run: Run) -> Started:
    model, settings, batches = run.model.settings, run.plan.train, run.batches
    return Started(
        run=run.plan.folder.name,
        path=str(run.plan.folder),
        corpus=run.plan.corpus.name,
        tokens=run.plan.task.training_tokens,
        vocabulary_size=run.plan.corpus.tokenizer.size,
        unit=run.plan.task.unit,
        model=f"{model.cell} {model.size}",
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
    )


def _finished(run: Run) -> Finished:
    best = run.best
    return Finished(
        run=run.plan.folder.name,
        step=run.step,
        loss=best.loss if best else None,
        scores=best.scores if best else dict.fromkeys(run.plan.task.training_scores(0.0)),
        seconds=run.clock.seconds,
        interrupted=not run.finished,
    )
