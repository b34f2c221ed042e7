"""Settings that are chosen: what the command line leaves open suits text, machine and time.

Each rule is a function. They are fits to runs on tiny Shakespeare (benchmarks/RECIPE.md), not laws.
"""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from charrnn.cells.parameters import count
from charrnn.engine.devices import memory_checked
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.settings import ModelSettings, TextSettings, TrainSettings, is_automatic
from charrnn.tasks import task_of
from charrnn.tasks.base import Task
from charrnn.text.corpus import Corpus
from charrnn.training.divergence import NotFiniteError
from charrnn.training.loop import training_step
from charrnn.training.run import Run

HIDDEN_SIZES = (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
_AUTOMATIC = {
    field.name
    for kind in (ModelSettings, TrainSettings)
    for field in fields(kind)
    if is_automatic(field)
}

_PARAMETERS_PER_TOKEN = 8.0  # of the text, at most
_MAX_EPOCHS = 60.0  # of a small text, where no length is asked for
_STEPS_PER_SEQUENCE = 64  # at least: a small text would otherwise give too few steps
_FEW_STEPS = 1000
_TRIED_SIZES = (16, 256)
_TRIAL_STEPS, _TRIAL_SECONDS = 12, 1.0

StepTime = Callable[[ModelSettings], float]
"""Seconds per training step of a network."""


def left_open(settings: TrainSettings, given: Mapping[str, Any]) -> set[str]:
    """The names of the settings that will be chosen."""
    unused = set() if settings.optimizer == "muon" else {"adamw_learning_rate"}
    unused |= {"hidden_size"} if given.get("tie_weights") else set()
    unused |= {"seq_length"} if given.get("task", "text") != "text" else set()
    return _AUTOMATIC - unused - given.keys()


def choose(
    model: ModelSettings,
    settings: TrainSettings,
    given: Mapping[str, Any],
    task: Task,
    step_time: StepTime | None,
) -> tuple[ModelSettings, TrainSettings]:
    """The settings, with what is not `given` made to suit the task's corpus and the time.

    `step_time` is needed for a timed run.
    """
    if not left_open(settings, given):
        return model, settings
    tokens = task.training_tokens
    if "batch_size" not in given:
        settings = replace(settings, batch_size=best_batch_size(task, settings))

    def tokens_read(network: ModelSettings) -> float:
        batch = math.prod(task.resolve_batch(settings))
        batch *= settings.accumulate
        if settings.timed:
            assert step_time
            return settings.budget / step_time(network) * batch
        return settings.steps * batch if settings.steps else (settings.epochs or 0) * tokens

    if "hidden_size" not in given and not model.tie_weights:
        model = best_hidden_size(model, task, tokens_read)
    if settings.timed and not settings.time and tokens_read(model) > _MAX_EPOCHS * tokens:
        settings = replace(settings, epochs=_MAX_EPOCHS)
    read = tokens_read(model)
    if "seq_length" not in given and not settings.steps:
        settings = replace(settings, seq_length=best_seq_length(read, settings))
    batch_size, seq_length = task.resolve_batch(settings)
    settings = replace(
        settings,
        batch_size=settings.batch_size if "batch_size" in given else batch_size,
        seq_length=settings.seq_length if "seq_length" in given else seq_length,
    )
    if "adamw_learning_rate" not in given:
        rate = best_adamw_learning_rate(read / (batch_size * seq_length * settings.accumulate))
        settings = replace(settings, adamw_learning_rate=rate)
    if "dropout" not in given:
        model = replace(model, dropout=best_dropout(read / tokens))
    return model, settings


def best_batch_size(task: Task, settings: TrainSettings) -> int:
    """A power of two that leaves enough steps, and has about as many tokens as the default."""
    _, length = task.resolve_batch(settings)
    usual = settings.batch_size * settings.seq_length // length
    most = min(usual, task.training_tokens // (_STEPS_PER_SEQUENCE * length))
    power: int = 2 ** int(math.log2(most or 1))
    return max(16, power)


def best_hidden_size(
    model: ModelSettings, task: Task, tokens_read: Callable[[ModelSettings], float]
) -> ModelSettings:
    """The size that reads as many tokens per parameter as its task wants.

    A larger network reads too little in its time, a smaller one cannot use what it reads.
    """
    parameters = _parameters(task)

    def misfit(network: ModelSettings) -> float:
        return abs(math.log(tokens_read(network) / parameters(network) / task.tokens_per_parameter))

    sizes = [model.with_hidden_size(size) for size in HIDDEN_SIZES]
    most = _PARAMETERS_PER_TOKEN * task.training_tokens
    small = [network for network in sizes if parameters(network) <= most]
    return min(small or sizes[:1], key=misfit)


def _parameters(task: Task) -> Callable[[ModelSettings], int]:
    """Model settings -> parameters that a token is multiplied with."""
    return lambda network: count(task.parameters(network), multiplied=True)


def best_seq_length(tokens_read: float, settings: TrainSettings) -> int:
    """Shorter steps, and so more of them, where there would be few."""
    batch = settings.accumulate * settings.batch_size * settings.seq_length
    few = tokens_read < _FEW_STEPS * batch
    return min(settings.seq_length, 24) if few else settings.seq_length


def best_adamw_learning_rate(steps: float) -> float:
    """10 / steps, within bounds: few steps have to be larger."""
    return round(min(0.015, max(0.004, 10 / steps)), 4)


def best_dropout(epochs: float) -> float:
    """0 up to four epochs, then 0.1 for each doubling, up to 0.5.

    A network that reads a text often overfits unless much is dropped.
    """
    return round(min(0.5, max(0.0, 0.1 * math.log2(epochs / 4))), 2) if epochs > 0 else 0.0


def measured_step_time(
    corpus: Corpus,
    settings: TrainSettings,
    text: TextSettings,
    model: ModelSettings,
    ranks: Ranks = ALONE,
) -> StepTime:
    """Model settings -> seconds per step, on this device and text.

    A straight line over the parameters, through two sizes of the network that are tried.
    """
    parameters = _parameters(task_of(model, corpus))
    small, large = (replace(model, dropout=0.0).with_hidden_size(size) for size in _TRIED_SIZES)
    low, high = (step_seconds(corpus, tried, settings, text, ranks) for tried in (small, large))
    slope = max(0.0, (high - low) / (parameters(large) - parameters(small)))
    base = max(1e-9, low - slope * parameters(small))
    return lambda network: base + slope * parameters(network)


def step_seconds(
    corpus: Corpus,
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    ranks: Ranks = ALONE,
) -> float:
    """The median time of a training step of a network that is made for it, the first rank's."""
    with memory_checked():
        run = Run(corpus, Path(), model, settings, text, ranks=ranks)
    times = list(_step_times(run)) or [1e-3]  # it diverges at once: training will report it
    return statistics.median(times[len(times) // 2 :])  # the first are slower


def _step_times(run: Run) -> Iterator[float]:
    total = 0.0
    for _ in range(_TRIAL_STEPS):
        begun = time.perf_counter()
        try:
            training_step(run).item()  # waits for the device
        except NotFiniteError:
            return
        (taken,) = run.ranks.sums((time.perf_counter() - begun) * run.ranks.is_first)
        yield taken
        total += taken
        if total > _TRIAL_SECONDS:
            return
