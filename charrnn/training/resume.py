"""Resuming a run: as it was saved, or with a greater length."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from charrnn.engine.devices import memory_checked
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.errors import CheckpointError, TextError, UsageError
from charrnn.events import Emit, Noticed
from charrnn.files import remove_temporary_files
from charrnn.settings import DEFAULT_TIME, LENGTHS, ModelSettings, TrainSettings, flag
from charrnn.storage.checkpoint import About, load_checkpoint, read_about
from charrnn.storage.metrics import read_curves
from charrnn.storage.runs import MODEL, TRAINING, find, load_newest, lock
from charrnn.tasks import example_format, task_of
from charrnn.text.corpus import Corpus
from charrnn.text.corpus_files import find_corpus
from charrnn.text.resolving import resolve
from charrnn.training.common_corpus import corpus_for_all
from charrnn.training.fine_tuning import load_base
from charrnn.training.length import run_length
from charrnn.training.new_run import new_run
from charrnn.training.run import Best, Clock, Run
from charrnn.training.saving import (
    cannot_resume,
    check_sizes,
    read_training,
    restore,
    save_training,
)

CHANGEABLE = ("device", "precision", "keep", "save_every")
"""Settings that a run may change when it is resumed, apart from its length."""

_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError)


def resume(
    name: str | None,
    what: str | None,
    given: Mapping[str, Any],
    emit: Emit,
    ranks: Ranks = ALONE,
) -> Run:
    """The run of that name, or the one trained last, as it was saved, by however many `ranks`.

    `what` names its text, where its corpus is not found by itself. Another text is fine-tuning: a
    new run, which begins with that run's weights and vocabulary. UsageError if `given` asks for
    other settings than the run has.
    """
    held: Any = None  # the lock, on the first rank
    with ExitStack() as unless_resumed:

        def opened() -> tuple[Path, dict[str, Any], dict[str, Tensor]]:
            nonlocal held
            path = find(name, TRAINING)
            held = lock(path.parent)
            unless_resumed.callback(held.release)
            remove_temporary_files(path.parent)
            return path, *load_newest(path, read_training, emit, restore=True)

        path, data, tensors = ranks.from_first(opened)
        try:
            about = replace(read_about(data), run=path.parent.name)
        except _UNREADABLE as error:
            raise cannot_resume(path, error) from None
        corpus = corpus_for_all(ranks, lambda: _corpus(about, what, given, emit), about.corpus)
        if corpus.key == about.corpus_key:
            run = _restored(about, corpus, path, data, tensors, given, emit, held, ranks)
            unless_resumed.pop_all()
            return run
    return _fine_tuned(about, corpus, given, emit, ranks)


def _restored(
    about: About,
    corpus: Corpus,
    path: Path,
    data: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    given: Mapping[str, Any],
    emit: Emit,
    held: Any,
    ranks: Ranks,
) -> Run:
    """The run as its file at `path` has it, with the length that is asked for."""
    settings = _settings(about, given)
    corpus = corpus.with_split(about.text.split)
    task = task_of(about.model, corpus)
    batch_size, _ = task.resolve_batch(settings)
    try:
        check_sizes(task, batch_size, tensors)
        with memory_checked():
            run = Run(
                corpus, path.parent, about.model, settings, about.text, lock=held, ranks=ranks
            )
        run.base = about.base
        progress = restore(run, data, tensors)
    except _UNREADABLE as error:
        raise cannot_resume(path, error) from None
    run.clock = Clock(progress.seconds)
    run.agree()
    if progress.total_steps is None:  # format 2, stopped while its speed was being measured
        run.length = run_length(settings, 1, progress.seconds / max(1, run.step))
    _check_model(run, emit)
    before = run.length.total_steps
    if _duration(settings) != _duration(about.train):
        _change_length(run)
        save_training(run)  # so that it is the run's length from now on
    if not run.finished:
        emit(Noticed(_announcement(run, before)))
        emit(read_curves(run.folder, run.step))
    return run


def _settings(about: About, given: Mapping[str, Any]) -> TrainSettings:
    """The run's settings, with what may change. UsageError for what may not."""
    changed = {key: given[key] for key in CHANGEABLE if key in given}
    settings = replace(about.train, **changed)
    if given.keys() & set(LENGTHS):
        lengths: dict[str, Any] = {key: given.get(key) for key in LENGTHS}
        settings = replace(settings, **lengths)
    current = asdict(about.model) | asdict(settings) | asdict(about.text)
    other = [name for name in given.keys() - set(LENGTHS) if current[name] != given[name]]
    if other:
        raise UsageError(
            f"run {about.run} has {flag(other[0])} {current[other[0]]}, "
            "which cannot change when it resumes",
            f"Leave {flag(other[0])} out, or train another run.",
        )
    return settings


def _corpus(about: About, what: str | None, given: Mapping[str, Any], emit: Emit) -> Corpus:
    """The run's corpus, or another one in its vocabulary. TextError if it is neither."""
    if what:
        fmt = example_format(about.model.task, about.text)
        corpus = resolve(what, about.text, given, emit, fmt)
        if corpus.key == about.corpus_key:
            return corpus
        if about.model.task != "text":
            raise TextError(
                f"{what} is not what run {about.run} learns from",
                "Train another run on it.",
            )
        return _in_vocabulary(about, what, given, emit)
    if found := find_corpus(about.corpus_key):
        return found
    raise TextError(
        f"the corpus of run {about.run}, {about.corpus}, is not here",
        f"Name the text it was trained on: charrnn train TEXT --resume --run {about.run}",
    )


def _in_vocabulary(about: About, what: str, given: Mapping[str, Any], emit: Emit) -> Corpus:
    """The text in the vocabulary of the run's model. TextError for one that it cannot encode."""
    vocabulary = load_base(about.run, emit).tokenizer
    try:
        return resolve(what, about.text, given, emit, vocabulary=vocabulary)
    except (TextError, UsageError) as error:
        raise TextError(
            f"{what} is not the text of run {about.run}, nor in its vocabulary: {error.message}",
            f"Train on it with a vocabulary of its own: charrnn train {what} --from {about.run}",
        ) from None


def _fine_tuned(
    about: About, corpus: Corpus, given: Mapping[str, Any], emit: Emit, ranks: Ranks
) -> Run:
    """A new run on another text, which begins with the run's weights."""
    emit(Noticed(f"{corpus.name} is not the text of run {about.run}: a new run is trained on it."))
    model = replace(about.model, **_named(ModelSettings, given))
    settings = TrainSettings(**_named(TrainSettings, given))
    base = ranks.from_first(lambda: load_base(about.run, emit))
    return new_run(corpus, None, model, settings, given, emit, base=base, ranks=ranks)


def _named(kind: type[ModelSettings | TrainSettings], given: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: given[field.name] for field in fields(kind) if field.name in given}


def _duration(settings: TrainSettings) -> tuple[float | None, ...]:
    return settings.steps, settings.epochs, settings.budget * settings.timed


def _change_length(run: Run) -> None:
    """Give a run another length, counted from its beginning. The learning rate falls to its end.

    UsageError if it has come further already.
    """
    seconds, length = run.clock.seconds, run.length
    if run.settings.timed and run.settings.budget <= seconds:
        raise UsageError(
            f"run {run.folder.name} has already been trained for {seconds:.0f} s",
            "Give a longer --time: it counts from the run's beginning.",
        )
    per_step = seconds / max(1, run.step)
    run.length = run_length(run.settings, run.batches.per_epoch, per_step)
    if length.decay_start is not None:
        run.length.decay_start = length.decay_start
        run.length.adjusted = length.adjusted or run.step > length.decay_start
    if run.length.total_steps <= run.step:
        raise UsageError(
            f"run {run.folder.name} has already taken {run.step:,} steps",
            f"{run.length.total_steps:,} are fewer: the length counts from the run's beginning.",
        )


def _check_model(run: Run, emit: Emit) -> None:
    """The saved model may be missing, then any is better; or newer than the training state."""
    path, kept = run.folder / MODEL, None
    try:
        if run.ranks.is_first:  # no other looks at the best validation
            kept = load_newest(path, load_checkpoint, emit, restore=True).loss
    except CheckpointError as error:
        if run.best is not None:
            emit(Noticed(f"{error.message}. The next model that is validated takes its place."))
    if kept is None:
        run.best = None
    elif run.best and kept != run.best.loss:
        factor = kept / run.best.loss
        bits = {
            n: score * factor for n, score in run.best.scores.items() if n.startswith("bits_per_")
        }
        run.best = Best(kept, {**run.best.scores, **bits})


def _announcement(run: Run, before: int) -> str:
    total, settings = run.length.total_steps, run.settings
    end = f"step {run.step:,} of {total:,}"
    if settings.timed:
        end += f", {settings.time or DEFAULT_TIME} in all"
    changed = f" It ended at step {before:,} before." if before != total else ""
    return f"Resuming run {run.folder.name} at {end}.{changed}"
