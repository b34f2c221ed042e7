"""A new run: settings left open are chosen, and a folder is made."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from charrnn.engine.ranks import Ranks
from charrnn.errors import TextError, plural
from charrnn.events import Emit, Noticed
from charrnn.settings import DEFAULT_TIME, Request, flag
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import LOCK, new_folder
from charrnn.text.corpus import Corpus
from charrnn.training.automatic import choose, left_open, measured_step_time, step_seconds
from charrnn.training.fine_tuning import settings_for, transferred, vocabulary_change
from charrnn.training.length import run_length
from charrnn.training.run import Clock, Plan, Run
from charrnn.training.sources import Sources
from charrnn.training.validation import validated, validation_interval, validation_tokens

_FORWARD = 0.35  # time that a token takes in validation, as a fraction of its time in training
_PER_VALIDATION = 0.15  # seconds for the sample and for saving
_EARLY = 3  # validations before the first interval ends


def new_run(request: Request, sources: Sources, emit: Emit, ranks: Ranks) -> Run:
    """A run before its first step, in a new folder. Settings left open are chosen.

    With a base it has the base's network and begins with its weights. TextError for a text that is
    too short, or of which nothing can be learned.
    """
    ranks.check_complete()
    corpus, base = sources
    _check_length(corpus)
    model, train = request.model, request.train
    if base:
        model, train = settings_for(base, model, train)
    asked = Plan(corpus, model, train, corpus.text, ranks=ranks, base=base.run if base else "")
    plan, seconds = _completed(asked)
    for doubt in plan.task.doubts():
        emit(Noticed(doubt))
    run = _in_new_folder(plan, request.name, request.default_name or corpus.name, seconds)
    if plan.train.timed:
        _add_validations(run, seconds)
    _announce(run, asked, emit)
    if base:
        _begin_with(run, base, emit)
    run.clock = Clock()
    return run


def _check_length(corpus: Corpus) -> None:
    tokens = len(corpus.part("train"))
    if tokens < 2:
        raise TextError(
            f"{corpus.name} has too little to train on ({tokens} of at least two tokens)",
            "Use a longer text, or give training more of it with --split.",
        )


def _completed(asked: Plan) -> tuple[Plan, float]:
    """The plan with every setting chosen, and for a timed run the seconds of a step."""
    step_time = None
    if asked.train.timed and left_open(asked.model, asked.train, asked.text):
        step_time = measured_step_time(asked)
    model, train = choose(asked.model, asked.train, asked.task, step_time)
    plan = replace(asked, model=model, train=train)
    seconds = step_seconds(plan) if train.timed else 0.0
    if step_time:  # what follows from the speed follows from that of the chosen network
        model = model.with_given(hidden_size=model.hidden_size)
        train = train.with_given(batch_size=train.batch_size, seq_length=train.seq_length)
        model, train = choose(model, train, plan.task, lambda _: seconds)
        plan = replace(plan, model=model, train=train)
    return plan, seconds


def _in_new_folder(plan: Plan, name: str | None, default_name: str, seconds: float) -> Run:
    """The run of a plan, in a new folder, which is removed if the run cannot be made."""
    lock: Any = None  # on the first rank

    def make_folder() -> Path:
        nonlocal lock
        folder, lock = new_folder(name, default_name)
        return folder

    folder = plan.ranks.broadcast(make_folder)
    try:
        return Run(replace(plan, folder=folder), step_seconds=seconds, lock=lock)
    except BaseException:
        if lock:
            lock.release()
            with suppress(OSError):  # there is more in it
                (folder / LOCK).unlink(missing_ok=True)
                folder.rmdir()
        raise


def _begin_with(run: Run, base: Checkpoint, emit: Emit) -> None:
    """Give a run the base's weights, and report how it begins."""
    corpus, train = run.plan.corpus, run.plan.train
    weights = transferred(base, corpus, run.model.export())
    run.model.load(weights)
    run.ema.model.load(weights)
    begins, unit = "", run.plan.task.unit
    if score := validated(run):
        begins = f"; validation begins at {score.scores[f'bits_per_{unit}']:.3f} bits per {unit}"
    rates = f"learning rate {train.learning_rate:g}"
    if train.optimizer == "muon":
        rates += f", AdamW learning rate {train.adamw_learning_rate:g}"
    change = vocabulary_change(base, corpus)
    emit(Noticed(f"Fine-tuning from {base.run}: {change}; {rates}{begins}."))


def _add_validations(run: Run, seconds: float) -> None:
    """Make room in a timed run for its validations, which take time, too."""
    batches = validation_tokens(run) / run.tokens_per_step
    validation = _FORWARD * batches * seconds + _PER_VALIDATION
    total = run.length.total_steps
    overhead = validation * (1 / validation_interval(run, total) + _EARLY / total)
    run.length = run_length(run.plan.train, run.batches.per_epoch, seconds, overhead)


def _announce(run: Run, asked: Plan, emit: Emit) -> None:
    """Report what was chosen, and what a short text changes."""
    if names := left_open(asked.model, asked.train, asked.text):
        emit(Noticed(_chosen(run, names)))
    sizes = {"batch_size": run.batches.batch_size, "seq_length": run.batches.seq_length}
    lowered = [
        f"{flag(name)} {value}"
        for name, value in sizes.items()
        if name in asked.train.given and value != getattr(asked.train, name)
    ]
    if lowered:
        emit(Noticed(f"The text is short: it is read with {' '.join(lowered)}."))
    if not validation_tokens(run):
        how = "--valid FILE" if run.plan.text.test else "--split"
        kept = "the last weights are kept, not the best"
        emit(Noticed(f"There is no validation part, which {how} makes: {kept}."))


def _chosen(run: Run, names: set[str]) -> str:
    """A sentence: the values of the settings with these names, and how much will be read."""
    train, batches, model = run.plan.train, run.batches, run.plan.model
    amount = plural(*run.plan.task.counted)
    values = {
        "hidden_size": f"{model.cell} {model.size}",
        "dropout": f"dropout {model.dropout:g}",
        "ctc_frames": f"{plural(model.ctc_frames, 'frame')} a position",
        "batch_size": f"batch size {batches.batch_size}",
        "seq_length": f"sequence length {batches.seq_length}",
        "learning_rate": f"learning rate {train.learning_rate:g}",
        "adamw_learning_rate": f"AdamW learning rate {train.adamw_learning_rate:g}",
    }
    chosen = ", ".join(value for name, value in values.items() if name in names)
    if train.timed:  # how much it reads is not known before it has begun
        length = train.time or DEFAULT_TIME
        length += "" if length[-1].isalpha() else "s"
        return f"Chose {chosen}, for {length} with {amount}."
    epochs = run.length.total_steps * train.accumulate / batches.per_epoch
    return f"Chose {chosen}, for {_epochs(epochs)} of {amount}."


def _epochs(epochs: float) -> str:
    """How often a text is read: '9.1 epochs'."""
    digits = 3 if epochs < 1 else 1 if epochs < 99.95 else 0
    return f"{epochs:,.{digits}f} epochs"
