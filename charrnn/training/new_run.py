"""A new run: settings that were left open are chosen, and a folder is made."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from charrnn.engine.devices import memory_checked
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.errors import TextError
from charrnn.events import Emit, Noticed
from charrnn.settings import DEFAULT_TIME, ModelSettings, TrainSettings, flag
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import new_folder
from charrnn.tasks import task_of
from charrnn.text.corpus import Corpus
from charrnn.training.automatic import choose, left_open, measured_step_time, step_seconds
from charrnn.training.fine_tuning import settings_for, transferred, vocabulary_change
from charrnn.training.length import run_length
from charrnn.training.run import Clock, Run
from charrnn.training.validation import validated, validation_interval, validation_tokens

_FORWARD = 0.35  # time that a token takes in validation, as a fraction of its time in training
_PER_VALIDATION = 0.15  # seconds for the sample and for saving


def new_run(
    corpus: Corpus,
    name: str | None,
    model: ModelSettings,
    settings: TrainSettings,
    given: Mapping[str, Any],
    emit: Emit,
    default_name: str | None = None,
    base: Checkpoint | None = None,
    ranks: Ranks = ALONE,
) -> Run:
    """A run that is about to start, in a folder of its own; what is not `given` is chosen.

    Without a name it is called `default_name`, or like its corpus, and numbered. It begins with the
    weights of `base`, whose network it has then. TextError for a text that is too short.
    """
    ranks.check_complete()
    tokens = len(corpus.part("train"))
    if tokens < 2:
        raise TextError(
            f"{corpus.name} has too little to train on ({tokens} of at least two tokens)",
            "Use a longer text, or give training more of it with --split.",
        )
    if base:
        model, settings, given = settings_for(base, model, settings, given)
    asked = settings
    model, settings, seconds = _completed(corpus, model, settings, given, ranks)
    with memory_checked():
        run = Run(corpus, Path(), model, settings, corpus.text, step_seconds=seconds, ranks=ranks)
    if settings.timed:
        _add_validations(run, seconds)

    def make_folder() -> Path:
        folder, run.lock = new_folder(name, default_name or corpus.name)
        return folder

    run.folder = ranks.from_first(make_folder)
    _announce(run, asked, given, emit)
    if base:
        _begin_with(run, base, emit)
    run.clock = Clock()
    return run


def _completed(
    corpus: Corpus,
    model: ModelSettings,
    settings: TrainSettings,
    given: Mapping[str, Any],
    ranks: Ranks,
) -> tuple[ModelSettings, TrainSettings, float]:
    """The settings with what is not `given` chosen, and for a timed run the seconds of a step."""
    step_time = None
    if settings.timed and left_open(settings, given):
        step_time = measured_step_time(corpus, settings, corpus.text, model, ranks)
    task = task_of(model, corpus)
    model, settings = choose(model, settings, given, task, step_time)
    seconds = 0.0
    if settings.timed:
        seconds = step_seconds(corpus, model, settings, corpus.text, ranks)
    if step_time:  # what follows from the speed follows from that of the chosen network
        sizes = dict.fromkeys(("hidden_size", "batch_size", "seq_length"))
        model, settings = choose(model, settings, {**given, **sizes}, task, lambda _: seconds)
    return model, settings, seconds


def _begin_with(run: Run, base: Checkpoint, emit: Emit) -> None:
    """Give a run the weights of another one's model, and say how it begins."""
    symbols, settings = run.corpus.tokenizer.symbols, run.settings
    weights = transferred(base, run.corpus, run.model.export())
    run.base = base.run
    run.model.load(weights)
    run.ema.model.load(weights)
    begins, unit = "", run.task.unit
    if score := validated(run):
        begins = f"; validation begins at {score.scores[f'bits_per_{unit}']:.3f} bits per {unit}"
    rates = f"learning rate {settings.learning_rate:g}"
    if settings.optimizer == "muon":
        rates += f", AdamW learning rate {settings.adamw_learning_rate:g}"
    change = vocabulary_change(base, symbols)
    emit(Noticed(f"Fine-tuning from {base.run}: {change}; {rates}{begins}."))


def _add_validations(run: Run, seconds: float) -> None:
    """Make room in a timed run for its validations, which take time, too."""
    batches = validation_tokens(run) / run.tokens_per_step
    validation = _FORWARD * batches * seconds + _PER_VALIDATION
    overhead = validation / validation_interval(run)
    run.length = run_length(run.settings, run.batches.per_epoch, seconds, overhead)


def _announce(run: Run, asked: TrainSettings, given: Mapping[str, Any], emit: Emit) -> None:
    """Say what was chosen, and what follows from a short text."""
    if left_open(asked, given):
        emit(Noticed(_chosen(run, given)))
    batches = run.batches
    lowered = [
        f"{flag(name)} {value}"
        for name, value in (("batch_size", batches.batch_size), ("seq_length", batches.seq_length))
        if name in given and value != getattr(asked, name)
    ]
    if lowered:
        emit(Noticed(f"The text is short: it is read with {' '.join(lowered)}."))
    if not validation_tokens(run):
        emit(Noticed("There is no validation part: the last weights are kept, not the best."))


def _chosen(run: Run, given: Mapping[str, Any]) -> str:
    """What was chosen, and how much the run will read."""
    settings, batches, tokens = run.settings, run.batches, run.task.training_tokens
    model = run.model.settings
    values = {
        "hidden_size": f"{model.cell} {model.size}",
        "dropout": f"dropout {model.dropout:g}",
        "batch_size": f"batch size {batches.batch_size}",
        "seq_length": f"sequence length {batches.seq_length}",
        "adamw_learning_rate": f"AdamW learning rate {settings.adamw_learning_rate:g}",
    }
    chosen = ", ".join(values[name] for name in values if name in left_open(settings, given))
    epochs = run.length.total_steps / run.steps_per_epoch
    if not settings.timed:
        return f"Chose {chosen}: it will read {_times(epochs)} {tokens:,} tokens."
    rate = run.length.total_steps * run.tokens_per_step / settings.budget
    length = settings.time or DEFAULT_TIME
    length += "" if length[-1].isalpha() else "s"
    return (
        f"Chose {chosen}: in {length} it will read {_times(epochs)} {tokens:,} tokens, "
        f"about {rate:,.0f} a second."
    )


def _times(epochs: float) -> str:
    """How often a text is read, in words."""
    if epochs < 0.995:
        return f"{epochs:.1%} of"
    return f"{epochs:.1f} times" if epochs < 99.95 else f"{epochs:,.0f} times"
