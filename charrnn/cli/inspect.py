"""charrnn inspect: what a run is."""

from charrnn.cli.options import Json, Quiet, Run
from charrnn.cli.process import limit_threads


def inspect(run: Run = None, quiet: Quiet = False, json: Json = False) -> None:
    """Show what a run is: its network, settings, score and learning curves."""
    limit_threads()
    from charrnn.display.log import show_event
    from charrnn.display.run_summary import show_run
    from charrnn.storage.metrics import curves
    from charrnn.storage.runs import load_run

    checkpoint = load_run(run, (lambda _: None) if quiet else show_event, None)
    show_run(checkpoint.record(), curves(run), json)
