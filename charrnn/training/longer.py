"""A resumed run gets another length, counted from its beginning or from where it is."""

from charrnn.errors import UsageError
from charrnn.settings import LENGTHS, TrainSettings, checked_settings
from charrnn.training.length import run_length
from charrnn.training.run import Run


def longer(run: Run, unit: str, value: float) -> TrainSettings:
    """The run's settings with a length that ends so much later than where it is.

    `unit` is the setting that says it: time (in seconds), epochs or steps. UsageError for more than
    a run can have.
    """
    done = {
        "time": run.clock.seconds,
        "steps": run.step,
        "epochs": run.step * run.plan.train.accumulate / run.batches.per_epoch,
    }
    total = done[unit] + value
    length = {"time": f"{total:.1f}s", "steps": int(total), "epochs": total}[unit]
    (checked,) = checked_settings({unit: length}, TrainSettings)
    return run.plan.train.with_chosen(**{name: getattr(checked, name) for name in LENGTHS})


def duration(settings: TrainSettings) -> tuple[float | None, ...]:
    """What says how long a run is, to compare."""
    return settings.steps, settings.epochs, settings.budget if settings.timed else None


def change_length(run: Run) -> None:
    """Give a run another length, counted from its beginning. The learning rate falls to its end.

    UsageError if it has come further already.
    """
    seconds, length = run.clock.seconds, run.length
    if run.plan.train.timed and run.plan.train.budget <= seconds:
        raise UsageError(
            f"run {run.plan.folder.name} has already been trained for {seconds:.0f} s",
            "Give a longer --time: it counts from the run's beginning.",
        )
    per_step = seconds / max(1, run.step)
    run.length = run_length(run.plan.train, run.batches.per_epoch, per_step)
    if length.decay_start is not None:
        run.length.decay_start = length.decay_start
        run.length.adjusted = length.adjusted or run.step > length.decay_start
    if run.length.total_steps <= run.step:
        raise UsageError(
            f"run {run.plan.folder.name} has already taken {run.step:,} steps",
            f"{run.length.total_steps:,} are fewer: the length counts from the run's beginning.",
        )
