"""Models of every task, of random weights, to export."""

from dataclasses import replace
from typing import Any

from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tasks import task_of
from charrnn.text.tokenizers import Tokenizer
from tests.network.test_networks import CASES, SIZES, Subject
from tests.random_models import random_weights

SOUND = Subject(TextSettings(input="sound", frame_stack=2), (0, 80))
RATE = SOUND.text.sample_rate


def checkpoint_of(
    name: str, cell: str, tokenizer: Tokenizer | None = None, **changes: Any
) -> Checkpoint:
    """A checkpoint for a case of the network's tests."""
    task_name, subject, own = CASES[name]
    return checkpoint_on(subject, task_name, cell, tokenizer, **own | changes)


def checkpoint_on(
    subject: Subject, task_name: str, cell: str, tokenizer: Tokenizer | None = None, **changes: Any
) -> Checkpoint:
    """A checkpoint of a task on a corpus."""
    settings = ModelSettings(task=task_name, cell=cell, **SIZES | changes)
    about = Checkpoint(
        "random", settings, TrainSettings(), subject.text, "corpus", "",
        tokenizer=tokenizer or subject.tokenizer, step=1, loss=None, weights={},
        target_vocabulary=subject.target_vocabulary, input_shape=subject.input_shape,
    )  # fmt: skip
    weights = random_weights(task_of(settings, about).parameters(settings), seed=3)
    return replace(about, weights=weights)
