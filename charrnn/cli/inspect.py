"""charrnn inspect: what a run is."""

from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet, Run


def inspect(run: Run = None, quiet: Quiet = False, json: Json = False) -> None:
    """Show what a run is: its network, settings, score and learning curves."""
    with frame(quiet=quiet, json=json) as command:
        from charrnn.display.listings import run_report
        from charrnn.storage.metrics import curves

        checkpoint = command.load(run)
        command.show(run_report(checkpoint.record(), curves(run)))
