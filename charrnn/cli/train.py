"""charrnn train: a new run, a run that is resumed, or several runs that differ in their seed."""

from typing import Annotated

import typer

from charrnn.cli.completion import corpus_or_file, run_names
from charrnn.cli.flags import SETTINGS, Given, with_flags
from charrnn.cli.options import Json, Quiet, exclude
from charrnn.cli.process import limit_threads
from charrnn.cli.signals import stop_on_signals
from charrnn.cli.sweep import Sweep, show_trained, train_runs
from charrnn.errors import UsageError
from charrnn.events import Noticed
from charrnn.settings import ModelSettings, TextSettings, TrainSettings

Corpus = Annotated[
    str | None,
    typer.Argument(
        help="a text file, a prepared corpus, or a name: shakespeare, python",
        autocompletion=corpus_or_file, show_default=False,
    ),
]  # fmt: skip
RunName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="name of the run", show_default="as the corpus",
        autocompletion=run_names,
    ),
]  # fmt: skip
Resume = Annotated[bool, typer.Option("--resume", help="continue --run, or the run trained last")]
Base = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="RUN", help="fine-tune: begin with the weights of this run's model",
        autocompletion=run_names,
    ),
]  # fmt: skip
Seeds = Annotated[
    int | None,
    typer.Option(
        min=1, max=1000, metavar="N", rich_help_panel=SETTINGS,
        help="train N runs, with seeds from --seed on, and compare them",
    ),
]  # fmt: skip


@with_flags("time", "epochs", "steps", "cell", "layers", "hidden_size")
def train(
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    given: Given,
    corpus: Corpus = None,
    run: RunName = None,
    resume: Resume = False,
    base: Base = None,
    seeds: Seeds = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a model on a text. Ctrl-C stops it with everything saved."""
    exclude(seeds=seeds, resume=resume)
    exclude(seeds=seeds, run=run)
    exclude(**{"from": base, "resume": resume})
    if resume:
        _train(corpus, run, None, model, settings, text, given, resume, quiet, json)
    elif not corpus:
        raise UsageError(
            "there is no text to train on", "Name a file, or try: charrnn train python"
        )
    elif seeds:
        options = Sweep([model.cell], seeds, base=base)
        names, signal = train_runs(options, corpus, model, settings, text, given, quiet or json)
        show_trained(names, signal, quiet=quiet, json=json)
    else:
        _train(corpus, run, base, model, settings, text, given, resume, quiet, json)


def _train(
    corpus: str | None,
    name: str | None,
    base: str | None,
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    given: Given,
    resuming: bool,
    quiet: bool,
    json: bool,
) -> None:
    limit_threads()
    from charrnn.display.log import listen
    from charrnn.storage.runs import TRAINING, check_new, find
    from charrnn.training.fine_tuning import corpus_and_base

    with listen(quiet, json) as emit:
        try:
            if resuming:  # what can fail comes before torch is loaded
                find(name, TRAINING)
            elif corpus:
                check_new(name)
                prepared, model_of_base = corpus_and_base(corpus, base, text, given, emit)
            from charrnn.training.new_run import new_run
            from charrnn.training.record import train_and_record
            from charrnn.training.resume import resume

            if resuming:
                run = resume(name, corpus, given, emit)
            else:
                run = new_run(prepared, name, model, settings, given, emit, base=model_of_base)
        except KeyboardInterrupt:
            emit(Noticed("Stopped before the training began."))
            raise
        with stop_on_signals() as stop:
            train_and_record(run, emit, stop)
    if stop.number and not run.finished:
        raise typer.Exit(128 + stop.number)
