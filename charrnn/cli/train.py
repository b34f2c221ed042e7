"""charrnn train: a new run, a run that is resumed, or several runs that differ in their seed."""

from typing import Annotated

import typer

from charrnn.cli.completion import corpus_or_file, run_names
from charrnn.cli.extras import find_extra
from charrnn.cli.flags import SETTINGS, with_flags
from charrnn.cli.options import Json, Quiet, exclude
from charrnn.cli.process import is_launched
from charrnn.cli.sweep import show_trained, train_runs
from charrnn.cli.train_run import train_run
from charrnn.errors import UsageError
from charrnn.settings import ModelSettings, Request, TextSettings, TrainSettings

PROCESSES = "Processes"

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
TensorBoard = Annotated[
    bool,
    typer.Option("--tensorboard", help="also write what TensorBoard shows, into the run's folder"),
]
Processes = Annotated[
    int | None,
    typer.Option(
        min=1, max=1024, metavar="N", rich_help_panel=PROCESSES,
        help="train in N processes of this machine, each with its part of the batch",
    ),
]  # fmt: skip
MaxRestarts = Annotated[
    int | None,
    typer.Option(
        min=0, metavar="N", rich_help_panel=PROCESSES,
        help="start them again from the last checkpoint where one is killed, up to N times",
    ),
]  # fmt: skip


@with_flags("time", "epochs", "steps", "cell", "layers", "hidden_size")
def train(
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    corpus: Corpus = None,
    run: RunName = None,
    resume: Resume = False,
    base: Base = None,
    seeds: Seeds = None,
    tensorboard: TensorBoard = False,
    processes: Processes = None,
    max_restarts: MaxRestarts = None,
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
    request = Request(corpus, model, settings, text, run, base, resume)
    exclude(seeds=seeds, processes=processes)
    if processes or max_restarts is not None:
        find_extra("--processes")(processes, max_restarts, settings.batch_size)
    if seeds and is_launched():
        raise UsageError("--seeds trains in one process", "Start it without torchrun.")
    if corpus and seeds:
        names, signal = train_runs(
            request, [model.cell], quiet=quiet or json, seeds=seeds, listeners=listeners
        )
        show_trained(names, signal, quiet=quiet, json=json)
    else:
        train_run(request, quiet, json, listeners)
