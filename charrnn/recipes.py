"""Recipes: settings to train with, under one name.

`char-rnn` and `min-char-rnn` are the published settings of those programs:
https://github.com/karpathy/char-rnn (train.lua) and
https://gist.github.com/karpathy/d4dee566867f8291f086 (min-char-rnn.py).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
