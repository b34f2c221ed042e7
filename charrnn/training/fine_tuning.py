"""Fine-tuning: a new run that begins with the weights of another run's model.

Rows of the embedding and of the output belong to symbols of a vocabulary: those that the new
vocabulary has, too, are kept, wherever they stand in it. torch is not needed for that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError, UsageError
from charrnn.events import Emit
from charrnn.recipes import check_effective
from charrnn.settings import LEARNING_RATES, ModelSettings, TextSettings, TrainSettings, flag
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import find, load_run
from charrnn.tasks import example_format, parameters_of
from charrnn.tasks.base import Subject
from charrnn.text.corpus import Corpus
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
            rows = np.arange(size), np.arange(size)
            if more_tokens[name][axis] != size:
                rows = tokens
            elif more_targets[name][axis] != size:
                first = size - len(base.target_vocabulary)  # END stands before the symbols
                rows = tuple(np.append(rows[0][:first], numbers + first) for numbers in targets)
            axes.append(rows)
        old, new = (np.ix_(*rows) for rows in zip(*axes, strict=True))
        transferred[name][new] = weight[old]
    return transferred


def _matched(old: Sequence[str], new: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The indices of the symbols that both have, in the old vocabulary and in the new one."""
    position = {symbol: number for number, symbol in enumerate(old)}
    both = [(position[symbol], n) for n, symbol in enumerate(new) if symbol in position]
    pairs = np.array(both, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _shapes(base: Checkpoint, tokens: int, targets: int) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter, if the vocabularies had so many symbols more."""
    larger = _Larger(base, tokens, targets)
    return {name: p.shape for name, p in parameters_of(base.model, larger).items()}


class _Larger:
    """A checkpoint's vocabularies with so many symbols more."""

    def __init__(self, base: Checkpoint, tokens: int, targets: int) -> None:
        self.text, self.input_shape = base.text, base.input_shape
        self.tokenizer: Any = SimpleNamespace(size=base.tokenizer.size + tokens)
        self.target_vocabulary = base.target_vocabulary + ("",) * targets


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
