"""The commands that put runs side by side: compare and plot."""

from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from charrnn.errors import CheckpointError, DivergedError, UsageError, suggest
from charrnn.events import Noticed
from charrnn.interrupts import caught
from charrnn.options import Given, Json, Quiet, with_flags
from charrnn.process import modest_threads
from charrnn.settings import CellName, ModelSettings, TextSettings, TrainSettings


@with_flags
def compare(
    model: ModelSettings,
    settings: TrainSettings,
    text: TextSettings,
    given: Given,
    what: Annotated[
        list[str] | None,
        typer.Argument(help="runs (default: all here), or with --cells a text", show_default=False),
    ] = None,
    cells: Annotated[
        str | None, typer.Option(help="train a run of each on the text: lstm,gru,elman, or all")
    ] = None,
    parameters: Annotated[
        int | None,
        typer.Option(min=1, max=10**10, help="in each network (default: as in the first)"),
    ] = None,
    part: Annotated[
        Literal["train", "valid", "test"] | None,
        typer.Option(help="part of the corpus to score (default: test, or valid)"),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="draw the curves into this .png, .svg or .pdf, too")
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Runs in one table, the best first; or cells, trained for it with what suits each."""
    modest_threads()
    from charrnn.terminal import listen, note

    if plot:
        from charrnn.plot import check

        check(plot)
    names, number = list(what or []), 0
    if cells is None and (given or parameters):
        flag = min(given, default="parameters").replace("_", "-")
        raise UsageError(f"--{flag} is for networks that are trained now", "Name their --cells.")
    if cells is not None and len(names) != 1:
        raise UsageError("--cells are trained on one text", "charrnn compare --cells lstm,gru TEXT")
    if "cell" in given:
        raise UsageError("--cell is one, and --cells are compared", "Leave --cell out.")
    if parameters and "width" in given:
        raise UsageError("--width decides the --parameters", "Leave one of them out.")
    if cells is not None:
        chosen = _cells(cells)
        from charrnn.text.catalog import corpus_of

        with listen(quiet or json, as_json=False) as show:
            corpus = corpus_of(names[0], text, given, show)
            from charrnn.engine.compare import trained
            from charrnn.engine.score import part_of

            part_of(corpus, part)  # now, and not after hours
            with caught() as stop:
                runs = trained(chosen, corpus, model, settings, given, parameters, show, stop)
                names = list(runs)
            number = stop.number
        if not names:
            raise (
                typer.Exit(128 + number)
                if number
                else DivergedError(
                    "none of the cells could be trained",
                    "Take a lower --rate, --adam-rate or --clip.",
                )
            )
    from charrnn.engine.compare import compared

    with listen(quiet or json, as_json=False) as show:
        rows = compared(names, part, show)
    from charrnn.tables import show_compared

    show_compared(rows, json)
    if plot:
        from charrnn.plot import picture

        picture(plot, {row.run: row.curves for row in rows})
        if not quiet:
            note(Noticed(f"Written: {plot}"))
    if number:
        raise typer.Exit(128 + number)


def _cells(listed: str) -> list[CellName]:
    """'lstm,gru' -> the cells of those names; 'all' is every one. UsageError for another name."""
    known: dict[str, CellName] = {name: name for name in get_args(CellName)}
    names = known if listed == "all" else dict.fromkeys(listed.split(","))
    for name in names:
        if name not in known:
            hint = f"{suggest(name, known)} There are: {', '.join(known)}."
            raise UsageError(f"there is no cell {name!r}", hint.strip())
    return [known[name] for name in names]


def plot(
    runs: Annotated[
        list[str] | None, typer.Argument(help="runs (default: all here)", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="a .png, .svg or .pdf; else it is drawn here")
    ] = None,
) -> None:
    """Draw the curves of runs: validation, over the time that they were trained."""
    from charrnn.runs import curves, find, runs as all_runs

    names = runs or [folder.name for folder in all_runs()] or [find(None).name]
    found = {name: curves(name) for name in names}
    for name, curve in found.items():
        if not curve.training and runs:
            raise CheckpointError(f"{name} has no curves", "They are in its run's metrics.jsonl.")
    if out:
        from charrnn.plot import picture
        from charrnn.terminal import note

        picture(out, found)
        note(Noticed(f"Written: {out}"))
    else:
        from charrnn.tables import show_curves

        show_curves(found)
