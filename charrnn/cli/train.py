"""charrnn train: a new run, a run that is resumed, or several runs that differ in their seed."""

import os
import sys
from typing import Annotated

import typer

from charrnn.cli.completion import corpus_or_file, run_names
from charrnn.cli.flags import SETTINGS, with_flags
from charrnn.cli.options import Json, Quiet, exclude
from charrnn.cli.process import is_launched
from charrnn.cli.sweep import show_trained, train_runs
from charrnn.cli.train_run import train_run
from charrnn.errors import UsageError
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.training.request import Request

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
    if tensorboard:
        from charrnn.training.tensorboard import check_tensorboard

        check_tensorboard()  # now, not after a corpus has been prepared
    request = Request(corpus, model, settings, text, run, base, resume)
    _launch(processes, max_restarts, seeds, settings.batch_size)
    if corpus and seeds:
        names, signal = train_runs(
            request, [model.cell], quiet=quiet or json, seeds=seeds, tensorboard=tensorboard
        )
        show_trained(names, signal, quiet=quiet, json=json)
    else:
        train_run(request, quiet, json, tensorboard=tensorboard)


def _launch(
    processes: int | None, max_restarts: int | None, seeds: int | None, batch_size: int
) -> None:
    """Start this command in several processes, and end as they do; nothing if they are started."""
    exclude(seeds=seeds, processes=processes)
    if max_restarts is not None and not processes:
        raise UsageError(
            "--max-restarts has no effect without --processes",
            "Give both; torchrun has a flag --max-restarts of its own.",
        )
    if processes and is_launched() and str(processes) != os.environ["WORLD_SIZE"]:
        raise UsageError(
            f"torchrun has started {os.environ['WORLD_SIZE']} processes, not {processes}",
            "Leave --processes out: torchrun says how many there are.",
        )
    if processes and processes > batch_size:  # a short text, which lowers it, is noticed later
        raise UsageError(
            f"a batch of {batch_size} sequences cannot be split among {processes} processes",
            "Use fewer processes, or a greater --batch-size.",
        )
    if seeds and is_launched():
        raise UsageError("--seeds trains in one process", "Start it without torchrun.")
    if processes and not is_launched():
        from charrnn.network.launch import launch

        raise typer.Exit(launch(sys.argv[1:], processes, max_restarts or 0))
