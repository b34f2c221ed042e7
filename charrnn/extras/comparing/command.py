"""charrnn compare, plot and sweep: runs in one table, their curves, and runs to be compared."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from annotated_types import Interval

from charrnn.cli.completion import corpus_or_file
from charrnn.cli.flags import Shown, with_flags
from charrnn.cli.frame import Frame, frame
from charrnn.cli.options import (
    Json,
    Part,
    Picture,
    Quiet,
    Replace,
    Runs,
    exclude,
    parse_cells,
    picture_path,
)
from charrnn.cli.process import stop_on_signals
from charrnn.display.figures import write_figure
from charrnn.errors import CheckpointError, DivergedError, UsageError
from charrnn.settings import (
    CellName,
    ModelSettings,
    PartName,
    Request,
    TextSettings,
    TrainSettings,
    check_effective,
)

if TYPE_CHECKING:
    from charrnn.display.charts import X
    from charrnn.training.record import Listeners

CorpusName = Annotated[
    str,
    typer.Argument(
        help="a text file, a prepared corpus, or a corpus to download or make: see charrnn corpora",
        autocompletion=corpus_or_file,
    ),
]
XAxisName = Annotated[
    Literal["steps", "epochs", "time"],
    typer.Option("--x", help="x axis of the curves: steps, epochs or time", metavar="NAME"),
]
Together = Annotated[
    bool, typer.Option("--together", help="draw runs on different texts in one chart")
]


@with_flags()
def compare(
    runs: Runs = None,
    part: Part = None,
    output: Picture = None,
    x: XAxisName = "time",
    together: Together = False,
    yes: Replace = False,
    curves: Annotated[bool, "with --json: print the learning curves, too"] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Compare runs in one table, the best first, and draw their learning curves.

    Runs that differ in their seed alone are shown as one, with mean and standard deviation. To
    train runs of several cells and seeds, use charrnn sweep.
    """
    if curves and not json:
        raise UsageError("--curves is for --json", "Without it the curves are drawn.")
    path = _beside_a_table(output, yes)
    with frame(quiet=quiet, json=json) as command:
        _compare(command, runs or [], part, path, x, together=together, curves=curves)


def _beside_a_table(output: str | None, yes: bool) -> Path | None:
    if output == "-":
        raise UsageError("stdout takes the table, not the picture", "Name a file: -o curves.svg.")
    return picture_path(output, yes)


def _compare(
    command: Frame,
    names: Sequence[str],
    part: PartName | None,
    output: Path | None,
    x: "X" = "time",
    *,
    together: bool = False,
    curves: bool = False,
) -> None:
    """Score the named runs, or all, and show them.

    One that cannot be scored is said, and is an error in the end if it was named.
    """
    from charrnn.extras.comparing.comparison import compare_runs
    from charrnn.extras.comparing.show import comparison_report, curves_of, pictured

    groups, left_out = compare_runs(names, part, command.emit)
    command.show(comparison_report(groups, curves=curves, x=x, together=together))
    if output:
        write_figure(pictured(curves_of(groups), x, together), output)
        command.say_written(output)
    for name, error in left_out.items():
        command.say(f"{name} is left out: {error.message}.")
    if names and left_out:
        worst = next(iter(left_out.values()))
        raise type(worst)(f"not compared: {', '.join(left_out)}", worst.hint)


def plot(
    runs: Runs = None,
    output: Picture = None,
    x: XAxisName = "time",
    together: Together = False,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Draw the learning curves of runs: training and validation."""
    exclude(output=output, json=json)
    path = picture_path(output, yes)
    with frame(quiet=quiet, json=json) as command:
        from charrnn.extras.comparing.show import RunCurves, curves_report, pictured
        from charrnn.storage.housekeeping import overview
        from charrnn.storage.metrics import read_curves
        from charrnn.storage.runs import find, run_folders

        folders = [find(name).parent for name in runs or []] or run_folders() or [find(None).parent]
        drawn = [RunCurves(f.name, overview(f).corpus, read_curves(f)) for f in folders]
        if not runs:  # an imported run has none, and is not asked for
            drawn = [run for run in drawn if run.curves.training] or drawn[-1:]
        for run in drawn:
            if not run.curves.training:
                hint = "They are in the run's metrics.jsonl, which is missing or empty."
                raise CheckpointError(f"run {run.run} has no learning curves", hint)
        if output:
            write_figure(pictured(drawn, x, together), path)
            command.say_written(path)
        else:
            command.show(curves_report(drawn, x, together))


@with_flags("time", "epochs", "steps", "layers", "hidden_size")
def sweep(
    corpus: CorpusName,
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    cells: Annotated[str | None, "cells to compare: lstm,gru,elman, or all"] = None,
    seeds: Annotated[
        int, Interval(ge=1, le=1000), "runs of each cell, which differ in their seed"
    ] = 1,
    parameters: Annotated[
        int | None,
        Interval(ge=1, le=10**10),
        "parameters of each network",
        Shown(default="as many as the first"),
    ] = None,
    part: Part = None,
    output: Picture = None,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a run of each cell and seed on a text, and compare them.

    Networks get the same number of parameters, unless --hidden-size is given.
    """
    exclude(cells=cells, cell="cell" in model.given)
    if cells:
        check_effective(model.with_names(model.given, ["cell"]), text)
    exclude(parameters=parameters, hidden_size="hidden_size" in model.given)
    path = _beside_a_table(output, yes)
    chosen = [model.cell] if cells is None else parse_cells(cells)
    request = Request(corpus, model, settings, text)
    _train_and_compare(
        request, chosen, part, path,
        quiet=quiet, json=json, seeds=seeds, parameters=parameters,
    )  # fmt: skip


def train_seeds(
    request: Request, seeds: int, listeners: "Listeners", *, quiet: bool, json: bool
) -> None:
    """Train a run of each seed, and compare them: `charrnn train --seeds`."""
    _train_and_compare(
        request, [request.model.cell], quiet=quiet, json=json, seeds=seeds, listeners=listeners
    )


def _train_and_compare(
    request: Request,
    cells: Sequence[CellName],
    part: PartName | None = None,
    output: Path | None = None,
    *,
    quiet: bool,
    json: bool,
    **options: Any,
) -> None:
    """Train runs, and compare those that did not diverge. `options`: those of `Sweep`.

    DivergedError if there are none, Exit if a signal stopped it.
    """
    with frame(quiet=quiet or json) as command:
        from charrnn.training.sources import find_sources

        sources = find_sources(request, command.emit)  # before torch is loaded
        from charrnn.extras.comparing.sweep import Sweep, sweep as train_each
        from charrnn.text.corpus import part_to_score

        part_to_score(sources.corpus, part)  # now, not after hours of training
        with stop_on_signals() as stop:
            cells = [sources.base.model.cell] if sources.base else cells
            names = [*train_each(Sweep(request, sources, cells, **options), command.emit, stop)]
    if names:
        with frame(quiet=quiet, json=json) as command:
            _compare(command, names, part, output)
    elif not stop.number:
        raise DivergedError(
            "every run has diverged", "Take a lower --learning-rate, or a lower --grad-clip."
        )
    if stop.number:
        raise typer.Exit(128 + stop.number)
