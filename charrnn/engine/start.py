"""From what a person names to a run that trains: a new one, or an old one that goes on."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from charrnn import runs, store
from charrnn.engine import plan
from charrnn.engine.batches import fitting
from charrnn.engine.choose import choose
from charrnn.engine.device import fitting_memory
from charrnn.engine.session import Session, check_sizes, read_saved, unusable
from charrnn.engine.train import train
from charrnn.errors import CheckpointError, TextError, UsageError, from_os
from charrnn.events import Emit, Event, Noticed
from charrnn.files import sweep
from charrnn.settings import DEFAULT_TIME, ModelSettings, TextSettings, TrainSettings, read
from charrnn.text.catalog import corpus_of
from charrnn.text.corpus import Corpus, find_corpus

LENGTHS = ("time", "epochs", "steps")
CHANGEABLE = ("device", "precision", "keep")  # what a run may change when it goes on


def fresh(
    corpus: Corpus,
    name: str | None,
    model: ModelSettings,
    settings: TrainSettings,
    given: Mapping[str, Any],
    emit: Emit,
    called: str | None = None,
) -> Session:
    """A run that is about to begin, in a folder of its own; what is not `given` is chosen.

    Without a name it is numbered and `called` after its corpus, or whatever else.
    """
    text = TextSettings(corpus.tokenizer.kind, corpus.encoding, corpus.split)
    if len(corpus.part("train")) < 2:
        raise TextError(
            f"{corpus.name} has too little to train on ({len(corpus.part('train'))} of two tokens)",
            "Take a longer text, or give training more of it with --split.",
        )
    tokens = len(corpus.part("train"))
    model, settings, why = choose(model, settings, given, tokens, corpus.tokenizer.size)
    session = _session(corpus, Path(), model, settings, text)
    session.folder, session.lock = runs.new(name, called or corpus.name)
    if why:
        emit(Noticed(why))
    lanes = session.lanes
    if (lanes.lanes, lanes.window) != (settings.lanes, settings.window):
        emit(
            Noticed(
                f"The text is short: it is read with --lanes {lanes.lanes} --window {lanes.window}."
            )
        )
    if len(corpus.part("valid")) < 2:
        emit(Noticed("There is no validation part, so the last weights are kept, not the best."))
    return session


def _session(
    corpus: Corpus, folder: Path, model: ModelSettings, settings: TrainSettings, text: TextSettings
) -> Session:
    with fitting_memory():
        return Session(corpus, folder, model, settings, text)


def resumed(name: str | None, what: str | None, given: Mapping[str, Any], emit: Emit) -> Session:
    """A run as it was saved. UsageError if the command line asks for another one."""
    path = runs.find(name, runs.TRAINING)
    folder = path.parent
    held = runs.lock(folder)
    sweep(folder)
    data, tensors = runs.newest(path, read_saved, emit, mend=True)
    try:
        settings = read(TrainSettings, data["train"])
        model, text = read(ModelSettings, data["model"]), read(TextSettings, data["text"])
        key, called = str(data["corpus"]["key"]), str(data["corpus"]["folder"])
    except (KeyError, TypeError, ValueError) as error:
        raise unusable(path, error) from None
    changed: dict[str, Any] = {key: given[key] for key in CHANGEABLE if key in given}
    asked = replace(settings, **changed | {key: given.get(key) for key in LENGTHS})
    longer = bool(given.keys() & set(LENGTHS)) and _length(asked) != _length(settings)
    settings = asked if longer else replace(settings, **changed)
    there = asdict(model) | asdict(settings) | asdict(text)
    other = [name for name in given.keys() - set(LENGTHS) if there[name] != given[name]]
    if other:
        flag = f"--{other[0].replace('_', '-')}"
        raise UsageError(
            f"run {folder.name} has {flag} {there[other[0]]}, which cannot change on the way",
            f"Leave {flag} out, or train another run.",
        )
    corpus = corpus_of(what, text, given, emit) if what else find_corpus(key)
    if corpus is None or corpus.key != key:
        raise TextError(
            f"{what} is not the text of run {folder.name}"
            if corpus
            else f"the corpus of run {folder.name}, {called}, is not here",
            f"Name the text it was trained on: charrnn train TEXT --resume --run {folder.name}",
        )
    corpus = replace(corpus, split=text.split)
    lanes, _ = fitting(len(corpus.part("train")), settings.lanes, settings.window)
    try:
        check_sizes(model, corpus.tokenizer.size, lanes, tensors)
        session = _session(corpus, folder, model, settings, text)
        session.restore(data, tensors)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise unusable(path, error) from None
    session.lock = held
    _check_model(session, emit)
    now = session.position
    before = now.steps
    if longer:
        _lengthen(session)
        session.save()  # so that it is the length of the run from now on
    if not session.finished:
        end = f" of {now.steps:,}" if now.steps else f", for {settings.time or DEFAULT_TIME} in all"
        end += f", no longer of {before:,}" if longer and before else ""
        emit(Noticed(f"Run {folder.name} goes on after step {now.step:,}{end}."))
        emit(runs.history(folder, now.step))
    return session


def _length(settings: TrainSettings) -> tuple[float | None, ...]:
    """What a run's length is given in, and how long it is."""
    return settings.steps, settings.epochs, settings.budget * settings.timed


def _lengthen(session: Session) -> None:
    """Give a run that goes on another length, as if it had been its length from the beginning.

    UsageError if it has gone further already.
    """
    now = session.position
    if session.settings.timed and session.settings.budget <= now.seconds:
        raise UsageError(
            f"run {session.folder.name} has been trained for {now.seconds:.0f} s already",
            "Give a --time longer than that: it counts from the run's beginning.",
        )
    now.steps = None
    plan.by_count(session)
    if session.settings.timed and now.step:  # at the pace so far
        left = (session.settings.budget - now.seconds) * now.step / now.seconds
        now.steps = now.step + max(1, round(left))
    if now.steps and now.steps <= now.step:
        raise UsageError(
            f"run {session.folder.name} has taken {now.step:,} steps already",
            f"{now.steps:,} are less: the length of a run counts from its beginning.",
        )


def _check_model(session: Session, emit: Emit) -> None:
    """The best model may be gone, and then any is better; or it may be newer than the state."""
    now = session.position
    try:
        kept = runs.newest(session.folder / runs.MODEL, store.load_checkpoint, emit, mend=True).loss
    except CheckpointError as error:
        kept = None
        if now.best is not None:
            emit(Noticed(f"{error.message}. The next one that is evaluated takes its place."))
    if kept is None:
        now.best = now.best_bits = None
    elif now.best and now.best_bits and kept != now.best:
        now.best, now.best_bits = kept, now.best_bits * kept / now.best


def run(session: Session, show: Emit, stop: Callable[[], bool]) -> None:
    """Train, with every event shown and written to the run's metrics.

    A run that fails before its first checkpoint leaves no folder behind.
    """
    now, told = session.position, set[str]()
    if session.finished:
        done = f"Run {session.folder.name} has finished its {now.step:,} steps."
        show(Noticed(f"{done} For more give it a greater length, such as --time or --steps."))
        return
    begun = (session.folder / runs.TRAINING).exists()
    try:
        with closing(runs.Metrics(session.folder)) as metrics:

            def emit(event: Event) -> None:
                try:
                    metrics(event)
                except OSError as error:  # no reason to stop the work
                    if (refused := from_os(error).message) not in told:
                        told.add(refused)
                        show(Noticed(f"{runs.METRICS} has a gap: {refused}."))
                show(event)

            train(session, emit, stop)
    except BaseException:
        if not begun and not (session.folder / runs.MODEL).exists() and not session.position.step:
            shutil.rmtree(session.folder, ignore_errors=True)
        raise
