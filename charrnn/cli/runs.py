"""charrnn runs: the runs there are."""

from charrnn.cli.options import Json


def runs(json: Json = False) -> None:
    """List the runs: network, corpus, steps, best validation, and whether they are finished."""
    from charrnn.display.listings import show_runs
    from charrnn.storage.overview import overviews

    show_runs(overviews(), json)
