"""charrnn compare: runs in one table, the best first."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.options import Json, Part, Picture, Quiet, Runs, Together, XAxisName
from charrnn.cli.process import limit_threads
from charrnn.errors import UsageError
from charrnn.events import Noticed
from charrnn.settings import PartName

if TYPE_CHECKING:
    from charrnn.display.learning_curves import X


def compare(
    runs: Runs = None,
    part: Part = None,
    output: Picture = None,
    x: XAxisName = "time",
    together: Together = False,
    curves: Annotated[
        bool, typer.Option("--curves", help="with --json: the learning curves, too")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Compare runs that have been trained: one table, the best first, and their learning curves.

    Runs that differ in their seed alone are shown as one, with mean and standard deviation. To
    train runs of several cells and seeds, use charrnn sweep.
    """
    if curves and not json:
        raise UsageError("--curves is for --json", "Without it the curves are drawn.")
    compare_and_show(
        runs or [], part, output, x, together=together, curves=curves, quiet=quiet, json=json
    )


def compare_and_show(
    names: Sequence[str],
    part: PartName | None,
    output: Path | None,
    x: "X" = "time",
    *,
    together: bool = False,
    curves: bool = False,
    quiet: bool = False,
    json: bool = False,
) -> None:
    """Score the runs, all there are without names, and show them."""
    limit_threads()
    from charrnn.display.comparison import curves_of, show_comparison
    from charrnn.display.figure import check_figure, save_figure
    from charrnn.display.log import listen, show_event
    from charrnn.evaluation.comparison import compare_runs

    if output:
        check_figure(output)
    with listen(quiet or json, as_json=False) as emit:
        rows = compare_runs(names, part, emit)
    show_comparison(rows, json, curves=curves, x=x, together=together)
    if output:
        save_figure(output, curves_of(rows), x, together)
        if not quiet:
            show_event(Noticed(f"Written: {output}"))
