"""Fine-tuning: a new run that begins with the weights of another run's model.

Rows of the embedding and of the output belong to symbols of a vocabulary: those that the new
vocabulary has, too, are kept, wherever they stand in it. torch is not needed for that.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import CheckpointError, UsageError
from charrnn.events import Emit
from charrnn.settings import (
    LEARNING_RATES,
    ModelSettings,
    TaskName,
    TrainSettings,
    check_effective,
    flag,
)
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import find, load_run
from charrnn.tasks import parameters_of
from charrnn.tasks.base import Subject
from charrnn.tasks.examples import Indices

LEARNING_RATE_FACTOR = 0.8
"""Of the base's peak learning rates, unless others are given."""

Weights = Mapping[str, NDArray[np.float32]]


def load_base(name: str, emit: Emit, task: TaskName = ModelSettings.task) -> Checkpoint:
    """The model of the run to begin with, for the same task.

    CheckpointError if there is none, if it is damaged, or of another task.
    """
    base = load_run(name, emit)
    if base.model.task != task:
        raise CheckpointError(
            f"run {base.run} was trained with --task {base.model.task}, not with --task {task}",
            f"Add --task {base.model.task}, or name another run.",
        )
    return base if base.run else replace(base, run=find(name).parent.name)  # format 2


def settings_for(
    base: Checkpoint, model: ModelSettings, train: TrainSettings
) -> tuple[ModelSettings, TrainSettings]:
    """The settings of a run that begins with a base: its network, and lower learning rates.

    They count as given, so that nothing else is chosen. UsageError if another network is given.
    """
    names = {field.name for field in fields(ModelSettings)} - {"dropout"}
    check_same(base, asdict(model), names & model.given)
    model = model.with_given(**{name: getattr(base.model, name) for name in names})
    if "optimizer" not in train.given:
        train = train.with_chosen(optimizer=base.train.optimizer)
    check_effective(model, train)
    if "learning_rate" not in train.given:
        same = train.optimizer == base.train.optimizer
        peak = base.train.peak_learning_rate if same else LEARNING_RATES[train.optimizer]
        train = train.with_given(learning_rate=_lower(peak))
    if "adamw_learning_rate" not in train.given:
        train = train.with_given(adamw_learning_rate=_lower(base.train.adamw_learning_rate))
    return model, train


def transferred(base: Checkpoint, subject: Subject, fresh: Weights) -> Weights:
    """The base's weights for other vocabularies; new symbols have those of `fresh`.

    `subject` has the vocabularies. `fresh` are the weights of a new network of the same settings
    and them. A row belongs to a symbol where the network has one more of it with one symbol more.
    """
    shapes, more_tokens, more_targets = (_shapes(base, *more) for more in ((0, 0), (1, 0), (0, 1)))
    tokens = _matched(base.tokenizer.symbols, subject.tokenizer.symbols)
    targets = _matched(base.target_vocabulary, subject.target_vocabulary)
    transferred = {name: weight.copy() for name, weight in fresh.items()}
    for name, weight in base.weights.items():
        axes = []
        for axis, size in enumerate(shapes[name]):
            rows: tuple[Indices, ...] = (np.arange(size), np.arange(size))
            if more_tokens[name][axis] != size:
                rows = tokens
            elif more_targets[name][axis] != size:
                first = size - len(base.target_vocabulary)  # END stands before the symbols
                rows = tuple(np.append(rows[0][:first], numbers + first) for numbers in targets)
            axes.append(rows)
        old, new = (np.ix_(*rows) for rows in zip(*axes, strict=True))
        transferred[name][new] = weight[old]
    return transferred


def _matched(old: Sequence[str], new: Sequence[str]) -> tuple[Indices, Indices]:
    """The indices of the symbols that both have, in the old vocabulary and in the new one."""
    position = {symbol: number for number, symbol in enumerate(old)}
    both = [(position[symbol], n) for n, symbol in enumerate(new) if symbol in position]
    pairs = np.array(both, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _shapes(base: Checkpoint, tokens: int, targets: int) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter, if the vocabularies had so many symbols more."""
    larger: Any = SimpleNamespace(
        text=base.text,
        input_shape=base.input_shape,
        input_scale=base.input_scale,
        tokenizer=SimpleNamespace(
            size=base.tokenizer.size + tokens,
            ordered=base.tokenizer.ordered,
            unit=base.tokenizer.unit,
        ),
        target_vocabulary=base.target_vocabulary + ("",) * targets,
    )
    return {name: p.shape for name, p in parameters_of(base.model, larger).items()}


def vocabulary_change(base: Checkpoint, subject: Subject) -> str:
    """vocabulary of 75, 12 new, 3 unused; target vocabulary of 4, 1 new, 0 unused.

    Only the latter where no texts are read.
    """
    pairs = {
        "vocabulary": (base.tokenizer.symbols, subject.tokenizer.symbols),
        "target vocabulary": (base.target_vocabulary, subject.target_vocabulary),
    }
    return "; ".join(
        f"{name} of {len(new):,}, {len({*new} - {*old}):,} new, {len({*old} - {*new}):,} unused"
        for name, (old, new) in pairs.items()
        if new and (name != "vocabulary" or not subject.input_shape)
    )


def check_same(base: Checkpoint, values: Mapping[str, Any], names: Collection[str]) -> None:
    """Raise UsageError if one of the settings with these names is not the base's."""
    of_base = asdict(base.model) | asdict(base.text)
    for name in sorted(names):
        if values[name] != of_base[name]:
            raise UsageError(
                f"run {base.run} has {flag(name)} {of_base[name]}, which fine-tuning cannot change",
                f"Leave {flag(name)} out, or train a new model without --from.",
            )


def _lower(peak: float) -> float:
    return float(f"{peak * LEARNING_RATE_FACTOR:.3g}")
