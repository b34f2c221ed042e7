"""The command that would repeat a run."""

import shlex
from dataclasses import fields
from typing import Any

from charrnn.settings import LENGTHS, flag, is_automatic, values_of, without_effect
from charrnn.training.run import Run


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
            named = is_automatic(field) or value != field.default or field.name == "split"
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
