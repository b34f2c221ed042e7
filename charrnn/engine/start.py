"""From what a person names to a run that trains: a new one, or an old one that goes on."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from charrnn import store
from charrnn.engine.choose import choose
from charrnn.engine.session import Session, read_saved, unusable
from charrnn.engine.train import train
from charrnn.errors import TextError, UsageError
from charrnn.events import Emit, Event, Noticed
from charrnn.settings import ModelSettings, TextSettings, TrainSettings, read
from charrnn.text.catalog import corpus_of
from charrnn.text.corpus import Corpus, find_corpus

CHANGEABLE = ("device", "precision")  # what a run may change when it goes on


def fresh(
    corpus: Corpus,
    name: str | None,
    model: ModelSettings,
    settings: TrainSettings,
    given: Mapping[str, Any],
    emit: Emit,
) -> Session:
    """A run that is about to begin, in a folder of its own; what is not `given` is chosen."""
    text = TextSettings(corpus.tokenizer.kind, corpus.encoding, corpus.split)
    if len(corpus.part("train")) < 2:
        raise TextError(
            f"{corpus.name} has {len(corpus.part('train'))} tokens to train on",
            "Take a longer text, or give training more of it with --split.",
        )
    tokens = len(corpus.part("train"))
    model, settings, why = choose(model, settings, given, tokens, corpus.tokenizer.size)
    session = _session(corpus, Path(), model, settings, text)
    session.folder = store.new_run(name, corpus.name)
    if why:
        emit(Noticed(why))
    lanes = session.lanes
    if (lanes.lanes, lanes.window) != (settings.lanes, settings.window):
        emit(
            Noticed(
                f"The text is short, so it is read with --lanes {lanes.lanes} "
                f"--window {lanes.window} (not {settings.lanes} and {settings.window})."
            )
        )
    if len(corpus.part("valid")) < 2:
        emit(Noticed("There is no validation part, so the last weights are kept, not the best."))
    return session


def _session(
    corpus: Corpus, folder: Path, model: ModelSettings, settings: TrainSettings, text: TextSettings
) -> Session:
    try:
        return Session(corpus, folder, model, settings, text)
    except RuntimeError as error:
        if "memory" not in str(error):
            raise
        raise UsageError(
            "the network does not fit into memory", "Take a smaller --width, or fewer --layers."
        ) from None


def resumed(name: str | None, what: str | None, given: Mapping[str, Any], emit: Emit) -> Session:
    """A run as it was saved. UsageError if the command line asks for another one."""
    folder = store.find_model(name).parent
    data, tensors = read_saved(folder)
    try:
        settings = read(TrainSettings, data["train"])
        model, text = read(ModelSettings, data["model"]), read(TextSettings, data["text"])
        key, called = str(data["corpus"]["key"]), str(data["corpus"]["folder"])
    except (KeyError, TypeError, ValueError) as error:
        raise unusable(folder / store.TRAINING, error) from None
    settings = replace(settings, **{key: given[key] for key in CHANGEABLE if key in given})
    there = asdict(model) | asdict(settings) | asdict(text)
    other = [name for name, value in given.items() if there[name] != value]
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
    session = _session(replace(corpus, split=text.split), folder, model, settings, text)
    try:
        session.restore(data, tensors)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise unusable(folder / store.TRAINING, error) from None
    return session


def run(session: Session, show: Emit, stop: Callable[[], bool]) -> None:
    """Train, with every event shown and written to the run's metrics.

    A run that fails before its first checkpoint leaves no folder behind.
    """
    now = session.position
    if session.finished:
        show(
            Noticed(
                f"Run {session.folder.name} has finished its {now.step:,} steps: nothing to do."
            )
        )
        return
    if now.step:
        show(Noticed(f"Run {session.folder.name} goes on after step {now.step:,}."))
    try:
        with closing(store.Metrics(session.folder)) as metrics:

            def emit(event: Event) -> None:
                metrics(event)
                show(event)

            train(session, emit, stop)
    except BaseException:
        if {path.name for path in session.folder.iterdir()} == {store.METRICS}:
            shutil.rmtree(session.folder, ignore_errors=True)
        raise
