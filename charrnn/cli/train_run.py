"""Training one run from the command line: alone, or as one of torchrun's processes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from charrnn.cli.flags import Given
from charrnn.cli.process import is_launched, limit_threads
from charrnn.cli.signals import stop_on_signals
from charrnn.errors import CharRNNError, LostError
from charrnn.events import Emit, Noticed
from charrnn.settings import ModelSettings, TextSettings, TrainSettings

if TYPE_CHECKING:
    from charrnn.network.ranks import Ranks
    from charrnn.training.record import Listeners
    from charrnn.training.run import Run


@dataclass(frozen=True)
class Job:
    """What is to be trained, or resumed."""

    corpus: str | None
    name: str | None
    base: str | None
    model: ModelSettings
    settings: TrainSettings
    text: TextSettings
    given: Given
    resuming: bool
    listeners: "Listeners"


def train_run(job: Job, quiet: bool, json: bool) -> None:
    """Train in this process, alone or as one of those that torchrun has started."""
    limit_threads()
    from charrnn.display.log import listen

    ranks = _joined() if is_launched() else None
    first = not ranks or ranks.is_first
    run: Run | None = None
    try:
        with listen(quiet or not first, json and first) as emit:
            try:
                run = _begin_together(job, ranks, emit) if ranks else _begin(job, emit)
            except KeyboardInterrupt:
                emit(Noticed("Stopped before the training began."))
                raise
            from charrnn.training.record import train_and_record

            with stop_on_signals() as stop:
                train_and_record(run, emit, stop, job.listeners)
    except CharRNNError as error:
        if isinstance(error, LostError) and run and not error.will_restart:
            error.hint += f" To continue: charrnn train --resume --run {run.folder.name}"
        if ranks and not error.said:
            error.said = not ranks.first_to_say(error.message)
        raise
    if stop.number and not run.finished:
        raise typer.Exit(128 + stop.number)


def _begin(job: Job, emit: Emit) -> "Run":
    from charrnn.storage.runs import TRAINING, check_new, find
    from charrnn.training.fine_tuning import corpus_and_base

    if job.resuming:  # what can fail comes before torch is loaded
        find(job.name, TRAINING)
        from charrnn.training.resume import resume

        return resume(job.name, job.corpus, job.given, emit)
    assert job.corpus
    check_new(job.name)
    corpus, base = corpus_and_base(job.corpus, job.base, job.text, job.given, emit)
    from charrnn.training.new_run import new_run

    return new_run(corpus, job.name, job.model, job.settings, job.given, emit, base=base)


def _joined() -> "Ranks":
    from charrnn.network.ranks import Ranks

    return Ranks.join()


def _begin_together(job: Job, ranks: "Ranks", emit: Emit) -> "Run":
    from charrnn.training.together import new_run_together, resume_together

    if job.resuming:
        return resume_together(ranks, job.name, job.corpus, job.given, emit)
    assert job.corpus
    return new_run_together(
        ranks, job.corpus, job.name, job.base, job.model, job.settings, job.text, job.given, emit
    )
