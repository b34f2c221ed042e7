"""The command that would repeat a run."""

import shlex
from dataclasses import fields
from typing import Any

from charrnn.settings import LENGTHS, flag, is_automatic
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
        run.corpus.folder.name,
        *(["--from", run.base] if run.base else []),
    ]
    unused = {*LENGTHS, "hold_steps"}
    if run.settings.optimizer != "muon":
        unused.add("adamw_learning_rate")
    if run.model.settings.task != "text":  # its parts are in the prepared corpus
        unused |= {"seq_length", "valid", "test"}
        unused |= {"split"} if run.text.valid or run.text.test else set()
        unused |= {"tokenizer"} if run.corpus.input_shape else set()
    for settings in (run.model.settings, run.settings, run.text):
        for field in fields(settings):
            value = getattr(settings, field.name)
            named = is_automatic(field) or value != field.default or field.name == "split"
            if named and field.name not in unused:
                words += _with_value(field.name, value)
    settings = run.settings
    if settings.epochs and not settings.steps:
        words += _with_value("epochs", settings.epochs)
    else:
        words += _with_value("steps", run.length.total_steps)
    hold = run.length.decay_start if settings.timed else settings.hold_steps
    if hold is not None and settings.schedule in ("linear", "cosine"):
        words += _with_value("hold_steps", max(0, round(hold)))
    if run.ranks.size > 1:  # another number rounds sums otherwise
        words += _with_value("processes", run.ranks.size)
    return shlex.join(words)


def _with_value(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag(name)]
    return [flag(name), str(value).removesuffix(".0")]
