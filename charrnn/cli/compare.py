"""charrnn compare and plot: runs in one table, the best first, and learning curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from charrnn.cli.flags import with_flags
from charrnn.cli.frame import Frame, frame
from charrnn.cli.options import Json, Part, Picture, Quiet, Runs, Together, XAxisName, exclude
from charrnn.errors import CheckpointError, UsageError
from charrnn.settings import PartName

if TYPE_CHECKING:
    from charrnn.display.learning_curves import X


@with_flags()
def compare(
    runs: Runs = None,
    part: Part = None,
    output: Picture = None,
    x: XAxisName = "time",
    together: Together = False,
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
    """Score the named runs, or all, and show them."""
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


def plot(
    runs: Runs = None,
    output: Picture = None,
    x: XAxisName = "time",
    together: Together = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Draw the learning curves of runs: training and validation."""
    exclude(output=output, json=json)
    with frame(quiet=quiet, json=json) as command:
        from charrnn.display.figure import save_figure
        from charrnn.display.learning_curves import RunCurves, curves_report
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
            save_figure(output, drawn, x, together)
            command.say(f"Written: {output}")
        else:
            command.show(curves_report(drawn, x, together))
