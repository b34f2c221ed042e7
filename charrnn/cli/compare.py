"""charrnn compare: runs in one table, the best first."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.frame import Frame, frame
from charrnn.cli.options import Json, Part, Picture, Quiet, Runs, Together, XAxisName
from charrnn.errors import UsageError
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
    with frame(quiet=quiet, json=json) as command:
        compare_and_show(command, runs or [], part, output, x, together=together, curves=curves)


def compare_and_show(
    command: Frame,
    names: Sequence[str],
    part: PartName | None,
    output: Path | None,
    x: "X" = "time",
    *,
    together: bool = False,
    curves: bool = False,
) -> None:
    """Score the runs, all there are without names, and show them."""
    from charrnn.display.comparison import comparison_report, curves_of
    from charrnn.display.figure import check_figure, save_figure
    from charrnn.evaluation.comparison import compare_runs

    if output:
        check_figure(output)
    groups = compare_runs(names, part, command.emit)
    command.show(comparison_report(groups, curves=curves, x=x, together=together))
    if output:
        save_figure(output, curves_of(groups), x, together)
        command.say(f"Written: {output}")
