"""charrnn sweep: train a run of each of several cells and seeds, and compare them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from charrnn.cli.compare import compare_and_show
from charrnn.cli.flags import Given, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import CorpusName, Json, Part, Picture, Quiet, exclude
from charrnn.cli.process import limit_threads
from charrnn.cli.signals import stop_on_signals
from charrnn.errors import DivergedError, UsageError, suggest
from charrnn.settings import CellName, ModelSettings, PartName, TextSettings, TrainSettings

if TYPE_CHECKING:
    from charrnn.training.record import Listeners  # which loads torch

Cells = Annotated[
    str | None, typer.Option(metavar="NAMES", help="cells to compare: lstm,gru,elman, or all")
]
Seeds = Annotated[
    int, typer.Option(min=1, max=1000, metavar="N", help="runs of each cell, from --seed on")
]
Parameters = Annotated[
    int | None,
    typer.Option(
        min=1, max=10**10, metavar="N", help="parameters of each network",
        show_default="as many as the first",
    ),
]  # fmt: skip


@with_flags("time", "epochs", "steps", "layers", "hidden_size")
def sweep(
    corpus: CorpusName,
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    given: Given,
    cells: Cells = None,
    seeds: Seeds = 1,
    parameters: Parameters = None,
    part: Part = None,
    output: Picture = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a run of each cell and seed on a text, and compare them.

    Networks get the same number of parameters, unless --hidden-size is given.
    """
    exclude(cells=cells, cell=given.get("cell"))
    exclude(parameters=parameters, hidden_size=given.get("hidden_size"))
    if output:
        from charrnn.display.figure import check_figure

        check_figure(output)  # now, not after hours of training
    chosen = [model.cell] if cells is None else parse_cells(cells)
    options = Sweep(chosen, seeds, parameters, part)
    names, signal = train_runs(options, corpus, model, settings, text, given, quiet or json)
    show_trained(names, signal, part, output, quiet=quiet, json=json)


@dataclass(frozen=True)
class Sweep:
    """A run of each cell and seed, from the run `base`; `part` of the corpus is scored."""

    cells: Sequence[CellName]
    seeds: int
    parameters: int | None = None
    part: PartName | None = None
    base: str | None = None
    listeners: "Listeners" = field(default_factory=dict)


def train_runs(
    options: Sweep,
    corpus: str,
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    given: Given,
    quiet: bool,
) -> tuple[list[str], int]:
    """The names of the runs that were trained, and the signal that stopped it, or 0."""
    limit_threads()
    from charrnn.display.log import listen
    from charrnn.training.fine_tuning import corpus_and_base

    with listen(quiet, as_json=False) as emit:
        # before torch is loaded
        prepared, base = corpus_and_base(corpus, options.base, text, given, emit)
        from charrnn.evaluation.scoring import part_to_score
        from charrnn.inference.models import examples_to_score
        from charrnn.training.sweep import sweep as train_each

        check_part = part_to_score if model.task == "text" else examples_to_score
        check_part(prepared, options.part)  # now, not after hours of training
        with stop_on_signals() as stop:
            cells = [base.model.cell] if base else options.cells
            runs = train_each(
                prepared, cells, options.seeds, options.parameters, model, settings, given,
                emit, stop, base, listeners=options.listeners,
            )  # fmt: skip
            return list(runs), stop.number


def show_trained(
    names: Sequence[str],
    signal: int,
    part: PartName | None = None,
    output: Path | None = None,
    *,
    quiet: bool,
    json: bool,
) -> None:
    """Compare the runs of a sweep. DivergedError if there are none, Exit if a signal stopped it."""
    if names:
        with frame(quiet=quiet, json=json) as command:
            compare_and_show(command, names, part, output)
    elif not signal:
        raise DivergedError(
            "every run has diverged", "Take a lower --learning-rate, or a lower --grad-clip."
        )
    if signal:
        raise typer.Exit(128 + signal)


def parse_cells(listed: str) -> list[CellName]:
    """'lstm,gru' -> the cells of those names; 'all' is every one. UsageError for another name."""
    known: dict[str, CellName] = {name: name for name in get_args(CellName)}
    names = known if listed == "all" else dict.fromkeys(listed.split(","))
    for name in names:
        if name not in known:
            hint = f"{suggest(name, known)} Cells: {', '.join(known)}."
            raise UsageError(f"there is no cell {name!r}", hint.strip())
    return [known[name] for name in names]
