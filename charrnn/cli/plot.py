"""charrnn plot: learning curves."""

from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Picture, Quiet, Runs, Together, XAxisName, exclude
from charrnn.errors import CheckpointError


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
        from charrnn.storage.metrics import read_curves
        from charrnn.storage.overview import overview
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
