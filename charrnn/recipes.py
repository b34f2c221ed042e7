"""Recipes: settings to train with, under one name. And which settings have no effect together.

`char-rnn` and `min-char-rnn` are the published settings of those programs:
https://github.com/karpathy/char-rnn (train.lua) and
https://gist.github.com/karpathy/d4dee566867f8291f086 (min-char-rnn.py).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charrnn.errors import UsageError
from charrnn.settings import ModelSettings, TaskName, TrainSettings, flag


@dataclass(frozen=True)
class Recipe:
    """Settings by name, as if they had been given on the command line."""

    about: str
    settings: Mapping[str, Any]


_PLAIN: dict[str, Any] = {  # what the recipes of textbooks leave out
    "warmup_steps": 0,
    "weight_decay": 0.0,
    "state_reset": 0.0,
    "ema_decay": 0.0,
    "dropout": 0.0,
}

RECIPES: dict[str, Recipe] = {
    "fast": Recipe("the default: Muon, and what suits the text, the machine and the time", {}),
    "plain": Recipe(
        "a textbook's: AdamW with a cosine schedule, no moving average, no state resets",
        _PLAIN
        | {
            "optimizer": "adamw",
            "learning_rate": 2e-3,
            "schedule": "cosine",
            "warmup_steps": 100,
            "hidden_size": 256,
            "batch_size": 64,
            "seq_length": 64,
        },
    ),
    "char-rnn": Recipe(
        "char-rnn's: 2x128, RMSprop 0.002, 50 sequences x 50 steps, 50 epochs, x0.97 after 10",
        _PLAIN
        | {
            "layers": 2,
            "hidden_size": 128,
            "one_hot": True,
            "init": "uniform",
            "epochs": 50.0,
            "batch_size": 50,
            "seq_length": 50,
            "optimizer": "rmsprop",
            "learning_rate": 2e-3,
            "schedule": "step",
            "decay_factor": 0.97,
            "decay_after": 10.0,
            "grad_clip": math.inf,
            "grad_clip_value": 5.0,
            "precision": "fp32",
            "split": "95/5/0",
        },
    ),
    "min-char-rnn": Recipe(
        "min-char-rnn's: an Elman network 1x100, Adagrad 0.1, 1 sequence x 25 steps",
        _PLAIN
        | {
            "cell": "elman",
            "layers": 1,
            "hidden_size": 100,
            "one_hot": True,
            "init": "normal",
            "batch_size": 1,
            "seq_length": 25,
            "optimizer": "adagrad",
            "learning_rate": 0.1,
            "schedule": "constant",
            "grad_clip": math.inf,
            "grad_clip_value": 0.2,  # 5 for a loss summed over 25 steps; ours is their mean
            "precision": "fp32",
        },
    ),
}


TASKS_WITH: dict[str, tuple[TaskName, ...]] = {
    "bidirectional": ("label", "tag", "rewrite"),
    "crf": ("tag",),
    "attention": ("rewrite", "caption"),
    "class_weights": ("label",),
}
"""The tasks that have a use for a setting of the network or of its training."""


def check_effective(
    model: ModelSettings, settings: TrainSettings, given: Mapping[str, Any]
) -> None:
    """UsageError if a given setting would have no effect beside the others."""
    schedule = f"the {settings.schedule} schedule"
    without_effect = {
        "adamw_learning_rate": (
            settings.optimizer != "muon",
            f"{settings.optimizer} updates every parameter: its rate is --learning-rate",
        ),
        "decay_factor": (settings.schedule != "step", f"it is for --schedule step, not {schedule}"),
        "decay_after": (settings.schedule != "step", f"it is for --schedule step, not {schedule}"),
        "hold_steps": (
            settings.schedule in ("step", "constant")
            or (settings.steps or math.inf) <= (settings.hold_steps or 0),
            f"{schedule} would not begin to fall",
        ),
        "embedding_size": (
            model.one_hot and model.task not in ("rewrite", "caption"),
            "--one-hot leaves the embedding out",
        ),
        "one_hot": (model.task == "caption", "it is how texts are read, not pictures"),
        "seq_length": (model.task != "text", f"--task {model.task} reads texts to their ends"),
        "state_reset": (model.task != "text", "every text begins with a state of zeros"),
    }  # fmt: skip
    for name, tasks in TASKS_WITH.items():
        without_effect[name] = model.task not in tasks, f"it is for --task {' and '.join(tasks)}"
    for name, (useless, reason) in without_effect.items():
        if useless and name in given:
            raise UsageError(
                f"{flag(name)} would have no effect: {reason}", f"Leave {flag(name)} out."
            )
