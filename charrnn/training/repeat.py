"""The command that would repeat a run."""

import shlex
from dataclasses import fields
from typing import Any

from charrnn.settings import AUTO
from charrnn.training.run import Run

_LENGTHS = ("time", "epochs", "steps", "hold_steps")


def command(run: Run) -> str:
    """`charrnn train CORPUS` with every flag that differs from its default or was chosen.

    The length is given in steps; for a timed run also the step at which the learning rate begins
    to fall, which time has decided.
    """
    words = ["charrnn", "train", run.corpus.name]
    unused = {*_LENGTHS, *(() if run.settings.optimizer == "muon" else ("adamw_learning_rate",))}
    for settings in (run.model.settings, run.settings, run.text):
        for field in fields(settings):
            value = getattr(settings, field.name)
            chosen = AUTO in getattr(field.type, "__metadata__", ())
            if field.name not in unused and (
                chosen or value != field.default or field.name == "split"
            ):
                words += _flag(field.name, value)
    settings = run.settings
    if settings.epochs and not settings.steps:
        words += _flag("epochs", settings.epochs)
    else:
        words += _flag("steps", run.length.total_steps)
    hold = run.length.decay_start if settings.timed else settings.hold_steps
    if hold is not None and settings.schedule in ("linear", "cosine"):
        words += _flag("hold_steps", max(0, round(hold)))
    return shlex.join(words)


def _flag(name: str, value: Any) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag]
    return [flag, str(value).removesuffix(".0")]
