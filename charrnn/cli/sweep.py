"""charrnn sweep: train a run of each of several cells and seeds, and compare them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from annotated_types import Interval

from charrnn.cli.compare import compare_and_show
from charrnn.cli.flags import Shown, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import CorpusName, Json, Part, Picture, Quiet, exclude
from charrnn.cli.process import stop_on_signals
from charrnn.errors import DivergedError, UsageError, suggest
from charrnn.settings import CellName, ModelSettings, PartName, Request, TextSettings, TrainSettings


@with_flags("time", "epochs", "steps", "layers", "hidden_size")
def sweep(
    corpus: CorpusName,
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    cells: Annotated[str | None, "cells to compare: lstm,gru,elman, or all"] = None,
    seeds: Annotated[
        int, Interval(ge=1, le=1000), "runs of each cell, with seeds from --seed on"
    ] = 1,
    parameters: Annotated[
        int | None,
        Interval(ge=1, le=10**10),
        "parameters of each network",
        Shown(default="as many as the first"),
    ] = None,
    part: Part = None,
    output: Picture = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a run of each cell and seed on a text, and compare them.

    Networks get the same number of parameters, unless --hidden-size is given.
    """
    exclude(cells=cells, cell="cell" in model.given)
    exclude(parameters=parameters, hidden_size="hidden_size" in model.given)
    if output:
        from charrnn.display.figure import check_figure

        check_figure(output)  # now, not after hours of training
    chosen = [model.cell] if cells is None else parse_cells(cells)
    request = Request(corpus, model, settings, text)
    names, signal = train_runs(
        request, chosen, quiet=quiet or json, seeds=seeds, parameters=parameters, part=part
    )
    show_trained(names, signal, part, output, quiet=quiet, json=json)


def train_runs(
    request: Request,
    cells: Sequence[CellName],
    part: PartName | None = None,
    *,
    quiet: bool,
    **options: Any,
) -> tuple[list[str], int]:
    """Train runs. Returns the names of those trained, and the signal that stopped them, or 0.

    `part` of the corpus is to be scored. `options`: those of `Sweep`.
    """
    with frame(quiet=quiet) as command:
        from charrnn.training.sources import find_sources

        sources = find_sources(request, command.emit)  # before torch is loaded
        from charrnn.text.corpus import part_to_score
        from charrnn.training.sweep import Sweep, sweep as train_each

        part_to_score(sources.corpus, part)  # now, not after hours of training
        with stop_on_signals() as stop:
            cells = [sources.base.model.cell] if sources.base else cells
            runs = train_each(Sweep(request, sources, cells, **options), command.emit, stop)
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
    """'lstm,gru' -> ['lstm', 'gru']; 'all' -> every cell. UsageError for an unknown name."""
    known: dict[str, CellName] = {name: name for name in get_args(CellName)}
    names = known if listed == "all" else dict.fromkeys(listed.split(","))
    for name in names:
        if name not in known:
            hint = f"{suggest(name, known)} Cells: {', '.join(known)}."
            raise UsageError(f"there is no cell {name!r}", hint.strip())
    return [known[name] for name in names]
