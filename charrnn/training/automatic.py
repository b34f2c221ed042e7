"""Settings left open are chosen to suit the text, the machine and the time.

Each rule is a function, fitted to runs on some texts (benchmarks/RECIPE.md): no law.
"""

import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from charrnn.cells.parameters import count
from charrnn.settings import (
    ModelSettings,
    TextSettings,
    TrainSettings,
    is_automatic,
    values_of,
    without_effect,
)
from charrnn.tasks.base import Task
from charrnn.training.loop import training_step
from charrnn.training.run import NotFiniteError, Plan, Run

HIDDEN_SIZES = (*(n * 2**power for power in range(3, 9) for n in (4, 5, 6, 7)), 2048)
"""Four sizes for each doubling, from 32 on."""
_AUTOMATIC = {
    field.name
    for kind in (ModelSettings, TrainSettings)
    for field in fields(kind)
    if is_automatic(field)
}

_STEPS_PER_SEQUENCE = 64  # at least: a small text would otherwise give too few steps
_FEW_STEPS = 1000
_BY_HEART = 4.0  # epochs in which a network of a parameter for each token learns a text by heart
_TRIED_SIZES = (16, 256)
_TRIAL_STEPS, _TRIAL_SECONDS = 12, 1.0

StepTime = Callable[[ModelSettings], float]
"""Seconds per training step of a network."""


def left_open(model: ModelSettings, train: TrainSettings, text: TextSettings) -> set[str]:
    """Names of the settings that will be chosen: those that have an effect and were not given."""
    useless = without_effect(values_of(model, train, text))
    tied = {"hidden_size"} if model.tie_weights else set()
    return _AUTOMATIC - useless.keys() - tied - model.given - train.given


def choose(
    model: ModelSettings, train: TrainSettings, task: Task, step_time: StepTime | None
) -> tuple[ModelSettings, TrainSettings]:
    """The settings; those left open are chosen to suit the task's corpus and the time.

    `step_time` is needed for a timed run.
    """
    opened = left_open(model, train, task.subject.text)
    if not opened:
        return model, train
    if "ctc_frames" in opened:
        model = model.with_chosen(ctc_frames=task.ctc_frames)
    given, tokens = model.given | train.given, task.training_tokens
    if "batch_size" not in given:
        train = train.with_chosen(batch_size=best_batch_size(task, train))

    def tokens_read(network: ModelSettings) -> float:
        batch = math.prod(task.resolve_batch(train))
        batch *= train.accumulate
        if train.timed:
            assert step_time
            return train.budget / step_time(network) * batch
        return train.steps * batch if train.steps else (train.epochs or 0) * tokens

    if "hidden_size" not in given and not model.tie_weights:
        model = best_hidden_size(model, task, tokens_read)
    if train.timed and not train.time:
        most = max_epochs(task, train)
        if tokens_read(model) > most * tokens:
            train = train.with_chosen(epochs=most)
    read = tokens_read(model)
    if "seq_length" not in given and not train.steps:
        train = train.with_chosen(seq_length=best_seq_length(read, train))
    sizes = dict(zip(("batch_size", "seq_length"), task.resolve_batch(train), strict=True))
    train = train.with_chosen(**{name: n for name, n in sizes.items() if name not in given})
    steps = read / (math.prod(sizes.values()) * train.accumulate)
    share = _parameters(task)(model) / tokens if task.small_overfits_less else 1.0
    learned = read / tokens * min(1.0, share)
    if "dropout" in opened:
        model = model.with_chosen(dropout=best_dropout(learned))
    return model, _with_learning_rates(train, task, steps, learned)


def _with_learning_rates(
    train: TrainSettings, task: Task, steps: float, learned: float
) -> TrainSettings:
    """The settings with those of Muon and AdamW that were not given."""
    if "adamw_learning_rate" not in train.given:
        train = train.with_chosen(adamw_learning_rate=best_adamw_learning_rate(steps))
    if "learning_rate" not in train.given and train.optimizer == "muon":
        rate = task.learning_rates["muon"] * best_learning_rate(steps, task.few_steps, learned)
        train = train.with_chosen(learning_rate=round(rate, 4))
    return train


def best_batch_size(task: Task, settings: TrainSettings) -> int:
    """A power of two that leaves enough steps, and has about as many tokens as the default."""
    _, length = task.resolve_batch(settings)
    usual = settings.batch_size * settings.seq_length // length
    most = min(usual, task.training_tokens // (_STEPS_PER_SEQUENCE * length))
    power: int = 2 ** int(math.log2(most or 1))
    return max(16, power)


def max_epochs(task: Task, settings: TrainSettings) -> float:
    """Epochs of a small text, where no length is asked for: more, if they are few steps."""
    per_epoch = max(1, task.training_tokens // math.prod(task.resolve_batch(settings)))
    return max(task.most_epochs, float(math.ceil(task.least.steps / per_epoch)))


def best_hidden_size(
    model: ModelSettings, task: Task, tokens_read: Callable[[ModelSettings], float]
) -> ModelSettings:
    """The size that reads as many tokens per parameter as its task wants.

    A larger network reads too little in its time, a smaller one cannot use what it reads.
    """
    parameters = _parameters(task)

    def misfit(network: ModelSettings) -> float:
        return abs(math.log(tokens_read(network) / parameters(network) / task.tokens_per_parameter))

    sizes = [model.with_hidden_size(n) for n in HIDDEN_SIZES if n >= task.least.hidden_size]
    most = task.parameters_per_token * task.training_tokens
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


def best_learning_rate(steps: float, few_steps: float, learned: float) -> float:
    """Muon's, as a fraction of the usual one, down to half of it.

    The usual one is for few steps, which have to be large, and for a text that is learned by heart
    (`learned`: epochs, as `best_dropout` takes), as large steps keep a network from overfitting.
    """
    is_few, overfits = few_steps / max(1.0, steps), math.sqrt(learned / _BY_HEART)
    return min(1.0, max(0.5, is_few, overfits))


def best_dropout(learned: float) -> float:
    """0 up to four epochs, then 0.1 for each doubling, up to 0.5.

    A network that reads a text often overfits unless much is dropped. One with fewer parameters
    than the text has tokens learns less of it by heart, and loses by dropout: for it epochs count
    by that fraction, in `learned`.
    """
    return round(min(0.5, 0.1 * math.log2(max(1.0, learned / _BY_HEART))), 2)


def measured_step_time(plan: Plan) -> StepTime:
    """Model settings -> seconds per step of a run, on its device and text.

    A straight line over the parameters, through two sizes of the network that are tried.
    """
    parameters = _parameters(plan.task)
    tried = [plan.model.with_chosen(dropout=0.0).with_hidden_size(size) for size in _TRIED_SIZES]
    low, high = (step_seconds(replace(plan, model=model)) for model in tried)
    small, large = map(parameters, tried)
    slope = max(0.0, (high - low) / (large - small))
    base = max(1e-9, low - slope * small)
    return lambda network: base + slope * parameters(network)


def step_seconds(plan: Plan) -> float:
    """The median time of a training step of a run that is made for it, the first rank's."""
    times = list(_step_times(Run(plan))) or [1e-3]  # it diverges at once: training will report it
    return statistics.median(times[len(times) // 2 :])  # the first are slower


def _step_times(run: Run) -> Iterator[float]:
    total = 0.0
    for _ in range(_TRIAL_STEPS):
        begun = time.perf_counter()
        try:
            training_step(run).item()  # waits for the device
        except NotFiniteError:
            return
        (taken,) = run.plan.ranks.sums((time.perf_counter() - begun) * run.plan.ranks.is_first)
        yield taken
        total += taken
        if total > _TRIAL_SECONDS:
            return
