"""Fine-tuning: a new run that begins with the weights of another run's model.

Rows of the embedding and of the output belong to symbols of a vocabulary: those that the new
vocabulary has, too, are kept, wherever they stand in it. torch is not needed for that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError, UsageError
from charrnn.events import Emit
from charrnn.recipes import check_effective
from charrnn.settings import LEARNING_RATES, ModelSettings, TextSettings, TrainSettings, flag
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.layout import parameter_shapes
from charrnn.storage.runs import find, load_run
from charrnn.text.corpus import Corpus
from charrnn.text.example_formats import example_format
from charrnn.text.resolving import resolve

LEARNING_RATE_FACTOR = 0.8
"""Of the base's peak learning rates, unless others are given."""
_LEARNED = ("bpe", "unigram")  # another text would give another vocabulary: the base's is taken

Weights = Mapping[str, NDArray[np.float32]]


def load_base(name: str, emit: Emit) -> Checkpoint:
    """The model of the run to begin with. CheckpointError if there is none, or it is damaged."""
    base = load_run(name, emit)
    return base if base.run else replace(base, run=find(name).parent.name)  # format 2


def corpus_and_base(
    what: str, base: str | None, text: TextSettings, given: Mapping[str, Any], emit: Emit
) -> tuple[Corpus, Checkpoint | None]:
    """The corpus that `what` names, prepared first if necessary, and the model of the run `base`.

    With a base the corpus is in tokens of its kind. UsageError if another tokenizer is given,
    TextError if the corpus is prepared with another one.
    """
    task = given.get("task", "text")
    if base is None:
        return resolve(what, text, given, emit, example_format(task, text)), None
    if task != "text":
        raise UsageError(
            f"--from continues language models, and --task {task} trains another network",
            "Leave --from out: the run begins with new weights.",
        )
    found = load_base(base, emit)
    return _corpus_for(found, what, text, given, emit), found


def _corpus_for(
    base: Checkpoint, what: str, text: TextSettings, given: Mapping[str, Any], emit: Emit
) -> Corpus:
    kind = base.tokenizer.kind
    fixed = ("tokenizer", "vocab_size") if kind in _LEARNED else ("tokenizer",)
    _check_same(base, asdict(text), [name for name in fixed if name in given])
    text = replace(text, tokenizer=kind)
    vocabulary = base.tokenizer if kind in _LEARNED else None
    corpus = resolve(what, text, given, emit, vocabulary=vocabulary)
    if corpus.tokenizer.kind != kind:
        raise TextError(
            f"{what} is prepared with --tokenizer {corpus.tokenizer.kind}, "
            f"and run {base.run} has --tokenizer {kind}",
            "Name the text itself instead of the prepared corpus.",
        )
    return corpus


def settings_for(
    base: Checkpoint, model: ModelSettings, settings: TrainSettings, given: Mapping[str, Any]
) -> tuple[ModelSettings, TrainSettings, dict[str, Any]]:
    """(Model settings, training settings, names that must not be chosen any more).

    The network is the base's, but for a given dropout; learning rates are lower than the base's.
    UsageError if another network is given.
    """
    names = {field.name for field in fields(ModelSettings)} - {"dropout"}
    _check_same(base, asdict(model), sorted(names & given.keys()))
    model = replace(base.model, dropout=model.dropout)
    if "optimizer" not in given:
        settings = replace(settings, optimizer=base.train.optimizer)
    check_effective(model, settings, given)
    if "learning_rate" not in given:
        same = settings.optimizer == base.train.optimizer
        peak = base.train.peak_learning_rate if same else LEARNING_RATES[settings.optimizer]
        settings = replace(settings, learning_rate=_lower(peak))
    if "adamw_learning_rate" not in given:
        settings = replace(settings, adamw_learning_rate=_lower(base.train.adamw_learning_rate))
    return model, settings, dict.fromkeys({*names, "adamw_learning_rate"}) | dict(given)


def transferred(base: Checkpoint, symbols: Sequence[str], fresh: Weights) -> Weights:
    """The base's weights for a vocabulary of these symbols (V); new symbols have those of `fresh`.

    `fresh` are the weights of a new network of the same settings and that vocabulary.
    """
    size = base.tokenizer.size
    shapes, larger = (parameter_shapes(base.model, v) for v in (size, size + 1))
    position = {symbol: n for n, symbol in enumerate(base.tokenizer.symbols)}
    rows = [n for n, symbol in enumerate(symbols) if symbol in position]
    base_rows = [position[symbols[n]] for n in rows]
    found = {name: weight.copy() for name, weight in fresh.items()}
    for name, weight in base.weights.items():
        grows = [a != b for a, b in zip(shapes[name], larger[name], strict=True)]
        axes = list(zip(grows, weight.shape, strict=True))
        here = np.ix_(*(rows if of_symbols else range(n) for of_symbols, n in axes))
        there = np.ix_(*(base_rows if of_symbols else range(n) for of_symbols, n in axes))
        found[name][here] = weight[there]
    return found


def vocabulary_change(base: Checkpoint, symbols: Sequence[str]) -> str:
    """vocabulary of 75, 12 new, 3 unused."""
    before, after = set(base.tokenizer.symbols), set(symbols)
    return (
        f"vocabulary of {len(after):,}, {len(after - before):,} new, {len(before - after):,} unused"
    )


def _lower(peak: float) -> float:
    return float(f"{peak * LEARNING_RATE_FACTOR:.3g}")


def _check_same(base: Checkpoint, values: Mapping[str, Any], names: Sequence[str]) -> None:
    """UsageError if one of the settings with these names is not the base's."""
    own = asdict(base.model) | asdict(base.text)
    for name in names:
        if values[name] != own[name]:
            raise UsageError(
                f"run {base.run} has {flag(name)} {own[name]}, which fine-tuning cannot change",
                f"Leave {flag(name)} out, or train a new model without --from.",
            )
