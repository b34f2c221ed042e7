"""Resuming a run: as it was saved, or with a greater length."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from charrnn.engine.ranks import Ranks
from charrnn.errors import CheckpointError, TextError, UsageError
from charrnn.events import Emit, Noticed
from charrnn.files import remove_temporary_files
from charrnn.settings import (
    DEFAULT_TIME,
    LENGTHS,
    STORED,
    Request,
    TextSettings,
    TrainSettings,
    flag,
    values_of,
)
from charrnn.storage.checkpoint import About, load_checkpoint, read_about
from charrnn.storage.metrics import read_curves
from charrnn.storage.runs import MODEL, TRAINING, find, load_newest, lock
from charrnn.tasks import example_format
from charrnn.text.corpus import Corpus
from charrnn.text.corpus_files import find_corpus
from charrnn.text.resolving import resolve
from charrnn.training.fine_tuning import load_base
from charrnn.training.length import run_length
from charrnn.training.longer import change_length, duration, longer
from charrnn.training.new_run import new_run
from charrnn.training.run import Best, Clock, Plan, Run
from charrnn.training.saving import (
    check_sizes,
    read_training,
    readable,
    restore,
    save_training,
)
from charrnn.training.sources import Sources, shared_corpus

CHANGEABLE = ("device", "precision", "keep", "save_every")
"""Settings that a run may change when it is resumed, apart from its length."""


class SavedRun(NamedTuple):
    """A run as its files have it; no other process can write to them while it is locked."""

    path: Path
    about: About
    data: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    lock: Any
    """On the first rank."""


def resume(request: Request, emit: Emit, ranks: Ranks) -> Run:
    """The run that is asked for, or the one trained last, as it was saved, by however many ranks.

    The request may name the run's text, whose corpus may be missing here. Another text is
    fine-tuning: a new run, which begins with that run's weights and vocabulary. UsageError if it
    asks for other settings than the run has.
    """
    with ExitStack() as unless_resumed:
        saved = _opened(request.name, emit, ranks, unless_resumed)
        about = saved.about
        corpus = shared_corpus(ranks, lambda: _corpus(about, request, emit), about.corpus)
        if corpus.key == about.corpus_key:
            run = _restored(saved, corpus, request, emit, ranks)
            unless_resumed.pop_all()
            return run
    return _fine_tuned(about, corpus, request, emit, ranks)


def _opened(name: str | None, emit: Emit, ranks: Ranks, unless_resumed: ExitStack) -> SavedRun:
    """The run of that name on all ranks, locked until `unless_resumed` ends."""
    held: Any = None

    def opened() -> tuple[Path, dict[str, Any], dict[str, Tensor]]:
        nonlocal held
        path = find(name, TRAINING)
        held = lock(path.parent)
        unless_resumed.callback(held.release)
        remove_temporary_files(path.parent)
        return path, *load_newest(path, read_training, emit, restore=True)

    path, data, tensors = ranks.broadcast(opened)
    with readable(path):
        about = replace(read_about(data), run=path.parent.name)
    return SavedRun(path, about, data, tensors, held)


def _restored(saved: SavedRun, corpus: Corpus, request: Request, emit: Emit, ranks: Ranks) -> Run:
    """The run as its files have it, with the length that is asked for."""
    path, about = saved.path, saved.about
    train = _settings(about, request)
    corpus = corpus.with_split(about.text.split)
    plan = Plan(corpus, about.model, train, about.text, path.parent, ranks, about.base)
    batch_size, _ = plan.task.resolve_batch(train)
    with readable(path):
        check_sizes(plan.task, batch_size, saved.tensors)
        run = Run(plan, lock=saved.lock)
        progress = restore(run, saved.data, saved.tensors)
    run.clock = Clock(progress.seconds)
    run.synchronize()
    if progress.total_steps is None:  # format 2, stopped while its speed was being measured
        run.length = run_length(train, 1, progress.seconds / max(1, run.step))
    _check_model(run, emit)
    before = run.length.total_steps
    if request.addition:
        run.plan = replace(plan, train=longer(run, *request.addition))
    if duration(run.plan.train) != duration(about.train):
        change_length(run)
        save_training(run)  # so that it is the run's length from now on
    if not run.finished:
        emit(Noticed(_announcement(run, before)))
        emit(read_curves(plan.folder, run.step))
    return run


def _settings(about: About, request: Request) -> TrainSettings:
    """The run's settings with the changes that are asked for. UsageError for one it cannot have."""
    given = request.model.given | request.train.given | request.text.given
    changed = given & {*CHANGEABLE}
    if given & {*LENGTHS}:
        changed |= {*LENGTHS}
    train = about.train.with_chosen(**{name: getattr(request.train, name) for name in changed})
    current = values_of(about.model, train, about.text)
    asked = values_of(request.model, request.train, request.text)
    for name in sorted(given - {*LENGTHS}):
        if current[name] != asked[name]:
            lacks = current[name] is None or current[name] is False
            has = f"no {flag(name)}" if lacks else f"{flag(name)} {current[name]}"
            raise UsageError(
                f"run {about.run} has {has}, which cannot change when it resumes",
                f"Leave {flag(name)} out, or train another run.",
            )
    return train


def _corpus(about: About, request: Request, emit: Emit) -> Corpus:
    """The run's corpus, or another one in its vocabulary. TextError if it is neither."""
    if request.corpus:
        text = about.text.with_names(request.text.given | {*STORED}, request.text.typed)
        fmt = example_format(about.model.task, text, about.input_scale if about.base else ())
        corpus = resolve(request.corpus, text, emit, fmt, beside=request.beside)
        if corpus.key == about.corpus_key:
            return corpus
        if corpus.target_vocabulary:
            raise TextError(
                f"{request.corpus} is not what run {about.run} learns from",
                "Train another run on it.",
            )
        return _in_vocabulary(about, request, text, emit)
    if corpus_of_run := find_corpus(about.corpus_key):
        return corpus_of_run
    raise TextError(
        f"the corpus of run {about.run}, {about.corpus}, is not here",
        f"Name the text it was trained on: charrnn train TEXT --resume --run {about.run}",
    )


def _in_vocabulary(about: About, request: Request, text: TextSettings, emit: Emit) -> Corpus:
    """The text in the vocabulary of the run's model. TextError for one that it cannot encode."""
    vocabulary, name = load_base(about.run, emit).tokenizer, str(request.corpus)
    try:
        return resolve(name, text, emit, vocabulary=vocabulary, beside=request.beside)
    except (TextError, UsageError) as error:
        raise TextError(
            f"{name} is not the text of run {about.run}, nor in its vocabulary: {error.message}",
            f"Train on it with a vocabulary of its own: charrnn train {name} --from {about.run}",
        ) from None


def _fine_tuned(about: About, corpus: Corpus, request: Request, emit: Emit, ranks: Ranks) -> Run:
    """A new run on another text, which begins with the run's weights."""
    if request.more:
        raise UsageError(
            f"{corpus.name} is not the text of run {about.run}: a new run is trained on it",
            "Leave --more out, and say how long it is with --time, --epochs or --steps.",
        )
    emit(Noticed(f"{corpus.name} is not the text of run {about.run}: a new run is trained on it."))
    given = {name: getattr(request.model, name) for name in request.model.given}
    model = about.model.with_names((), ()).with_given(**given)
    new = Request(request.corpus, model, request.train, request.text)
    base = ranks.broadcast(lambda: load_base(about.run, emit))
    return new_run(new, Sources(corpus, base), emit, ranks)


def _check_model(run: Run, emit: Emit) -> None:
    """Take the best loss from the saved model, which may be missing or newer than the run."""
    path, kept = run.plan.folder / MODEL, None
    try:
        if run.plan.ranks.is_first:  # no other looks at the best validation
            kept = load_newest(path, load_checkpoint, emit, restore=True).loss
    except CheckpointError as error:
        if run.best is not None:
            emit(Noticed(f"{error.message}. The next model that is validated takes its place."))
    if kept is None:
        run.best = None
    elif run.best and kept != run.best.loss:
        factor = kept / (run.best.loss or kept)  # nothing follows from a loss of 0
        bits = {
            n: score * factor for n, score in run.best.scores.items() if n.startswith("bits_per_")
        }
        run.best = Best(kept, {**run.best.scores, **bits})


def _announcement(run: Run, before: int) -> str:
    total, settings = run.length.total_steps, run.plan.train
    end = f"step {run.step:,} of {total:,}"
    if settings.timed:
        end += f", {settings.time or DEFAULT_TIME} in all"
    changed = f" It ended at step {before:,} before." if before != total else ""
    return f"Resuming run {run.plan.folder.name} at {end}.{changed}"
