"""charrnn train: train a new run, resume one, or train several with different seeds."""

from typing import TYPE_CHECKING, Annotated

import typer
from annotated_types import Ge, Interval

from charrnn.cli.completion import corpus_or_file, run_names
from charrnn.cli.extras import find_extra
from charrnn.cli.flags import SETTINGS, Shown, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet, exclude
from charrnn.cli.process import is_launched, limit_threads, stop_on_signals
from charrnn.errors import CharRNNError, LostError, UsageError
from charrnn.events import Noticed
from charrnn.settings import ModelSettings, Request, TextSettings, TrainSettings

if TYPE_CHECKING:
    from charrnn.training.record import Listeners
    from charrnn.training.run import Run

_PROCESSES = Shown("Processes", extra="--processes")

Texts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CORPUS", autocompletion=corpus_or_file, show_default=False,
        help="a text file, a prepared corpus, a URL, or a name: shakespeare, python; or several",
    ),
]  # fmt: skip
RunName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="name of the run", show_default="as the corpus",
        autocompletion=run_names,
    ),
]  # fmt: skip
Base = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="RUN", help="fine-tune: begin with the weights of this run's model",
        autocompletion=run_names,
    ),
]  # fmt: skip


@with_flags("time", "epochs", "steps", "cell", "layers", "hidden_size")
def train(
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    corpus: Texts = None,
    run: RunName = None,
    resume: Annotated[bool, "resume the run of --run, or the one trained last"] = False,
    more: Annotated[
        str | None, "with --resume: train so much further: 5m, 500steps, 2epochs"
    ] = None,
    base: Base = None,
    seeds: Annotated[
        int | None,
        Interval(ge=1, le=1000),
        "train N runs that differ in their seed, and compare them",
        Shown(SETTINGS, extra="--seeds"),
    ] = None,
    tensorboard: Annotated[
        bool,
        "write event files for TensorBoard into the run's folder",
        Shown(SETTINGS, extra="--tensorboard"),
    ] = False,
    processes: Annotated[
        int | None,
        Interval(ge=1, le=1024),
        "train in N processes of this machine, each with its part of the batch",
        _PROCESSES,
    ] = None,
    max_restarts: Annotated[
        int | None,
        Ge(0),
        "restart from the last checkpoint if a process is killed, up to N times",
        _PROCESSES,
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a model on a text. Ctrl-C stops it with everything saved."""
    exclude(seeds=seeds, resume=resume)
    exclude(seeds=seeds, run=run)
    exclude(**{"from": base, "resume": resume})
    if not corpus and not resume:
        raise UsageError(
            "there is no text to train on", "Name a file, or try: charrnn train python"
        )
    # its package is looked for now, not after a corpus has been prepared
    listeners = find_extra("--tensorboard")() if tensorboard else {}
    first, beside = (corpus[0], tuple(corpus[1:])) if corpus else (None, ())
    request = Request(first, model, settings, text, run, base, resume, beside=beside, more=more)
    exclude(seeds=seeds, processes=processes)
    if processes or max_restarts is not None:
        find_extra("--processes")(processes, max_restarts, settings.batch_size)
    if not seeds:
        train_run(request, quiet, json, listeners)
        return
    if is_launched():
        raise UsageError("--seeds trains in one process", "Start it without torchrun.")
    find_extra("--seeds")(request, seeds, listeners, quiet=quiet, json=json)


def train_run(request: Request, quiet: bool, json: bool, listeners: "Listeners") -> None:
    """Train in this process, alone or as one of those that torchrun has started."""
    limit_threads()
    from charrnn.training.begin import begin

    ranks = None
    if is_launched():
        from charrnn.engine.ranks import Ranks

        ranks = Ranks.join()
    first = not ranks or ranks.is_first
    run: Run | None = None
    try:
        with frame(quiet=quiet or not first, json=json and first, stdout="events") as command:
            try:
                run = begin(request, command.emit, ranks)
            except KeyboardInterrupt:
                command.emit(Noticed("Stopped before the training began."))
                raise
            from charrnn.training.record import train_and_record

            with stop_on_signals() as stop:
                train_and_record(run, command.emit, stop, listeners)
    except CharRNNError as error:
        if isinstance(error, LostError) and run and not error.will_restart:
            error.hint += f" To continue: charrnn train --resume --run {run.plan.folder.name}"
        if ranks and not error.said:
            error.said = not ranks.first_to_say(error.message)
        raise
    if stop.number and not run.finished:
        raise typer.Exit(128 + stop.number)
