"""Fine-tuning: a new run that begins with the weights of another run's model.

Rows of the embedding and of the output belong to symbols of a vocabulary: those that the new
vocabulary has, too, are kept, wherever they stand in it. torch is not needed for that.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import UsageError
from charrnn.events import Emit
from charrnn.settings import (
    LEARNING_RATES,
    ModelSettings,
    TrainSettings,
    check_effective,
    flag,
)
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.layout import parameter_shapes
from charrnn.storage.runs import find, load_run

LEARNING_RATE_FACTOR = 0.8
"""Of the base's peak learning rates, unless others are given."""

Weights = Mapping[str, NDArray[np.float32]]


def load_base(name: str, emit: Emit) -> Checkpoint:
    """The model of the run to begin with. CheckpointError if there is none, or it is damaged."""
    base = load_run(name, emit)
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
        train = train.with_chosen(learning_rate=_lower(peak))
    if "adamw_learning_rate" not in train.given:
        train = train.with_given(adamw_learning_rate=_lower(base.train.adamw_learning_rate))
    return model, train


def transferred(base: Checkpoint, symbols: Sequence[str], fresh: Weights) -> Weights:
    """The base's weights for a vocabulary of these symbols (V); new symbols have those of `fresh`.

    `fresh` are the weights of a new network of the same settings and that vocabulary.
    """
    size = base.tokenizer.size
    shapes, larger = (parameter_shapes(base.model, v) for v in (size, size + 1))
    position = {symbol: n for n, symbol in enumerate(base.tokenizer.symbols)}
    rows = [n for n, symbol in enumerate(symbols) if symbol in position]
    base_rows = [position[symbols[n]] for n in rows]
    weights = {name: weight.copy() for name, weight in fresh.items()}
    for name, weight in base.weights.items():
        grows = [a != b for a, b in zip(shapes[name], larger[name], strict=True)]
        axes = list(zip(grows, weight.shape, strict=True))
        here = np.ix_(*(rows if of_symbols else range(n) for of_symbols, n in axes))
        there = np.ix_(*(base_rows if of_symbols else range(n) for of_symbols, n in axes))
        weights[name][here] = weight[there]
    return weights


def vocabulary_change(base: Checkpoint, symbols: Sequence[str]) -> str:
    """vocabulary of 75, 12 new, 3 unused."""
    before, after = set(base.tokenizer.symbols), set(symbols)
    return (
        f"vocabulary of {len(after):,}, {len(after - before):,} new, {len(before - after):,} unused"
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
