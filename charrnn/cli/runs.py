"""charrnn inspect and runs: show one run; list, remove, rename or prune all."""

from typing import Annotated

import typer

from charrnn.cli.command import Command, Group
from charrnn.cli.completion import run_names
from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet, Run, Yes, confirm, freed
from charrnn.files import size_on_disk

runs = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)
Names = Annotated[list[str], typer.Argument(help="names of runs", autocompletion=run_names)]
Finished = Annotated[
    list[str] | None,
    typer.Argument(
        help="names of runs", show_default="all finished runs", autocompletion=run_names
    ),
]


def inspect(run: Run = None, quiet: Quiet = False, json: Json = False) -> None:
    """Show what a run is: its network, settings, score and learning curves."""
    with frame(quiet=quiet, json=json) as command:
        from charrnn.display.listings import run_report
        from charrnn.storage.housekeeping import overview
        from charrnn.storage.metrics import read_curves
        from charrnn.storage.runs import find

        folder = find(run).parent
        shown = overview(folder)
        about = command.load(run).record() | {"steps": shown.steps}
        command.show(run_report(about, read_curves(folder), shown.kept))


@runs.callback(invoke_without_command=True)
def list_runs(ctx: typer.Context, json: Json = False) -> None:
    """List the runs; or remove, rename and prune them.

    A run's network, corpus, steps, best score, size on disk and age; whether it is finished.
    """
    if ctx.invoked_subcommand is None:
        with frame(json=json) as command:
            from charrnn.display.listings import runs_report
            from charrnn.storage.housekeeping import overviews

            command.show(runs_report(overviews()))


@runs.command("rm", cls=Command)
def remove(names: Names, yes: Yes = False) -> None:
    """Remove runs, with everything in their folders."""
    from charrnn.storage import housekeeping

    names = list(dict.fromkeys(names))
    sizes = [size_on_disk(housekeeping.run_folder(name)) for name in names]
    confirm(f"Remove {', '.join(names)}, {sum(sizes) / 1e6:,.1f} MB?", yes)
    with frame() as command:
        command.say(freed("Removed", names, housekeeping.remove(names)))


@runs.command("rename", cls=Command)
def rename(
    old: Annotated[str, typer.Argument(help="name of a run", autocompletion=run_names)],
    new: Annotated[str, typer.Argument(help="its new name")],
) -> None:
    """Give a run another name."""
    from charrnn.storage import housekeeping

    housekeeping.rename(old, new)


@runs.command("prune", cls=Command)
def prune(names: Finished = None, yes: Yes = False) -> None:
    """Remove what finished runs no longer need: what only training needs, and old versions.

    The model, its scores and its learning curves stay.
    """
    from charrnn.storage import housekeeping

    finished = [run.run for run in housekeeping.overviews() if run.state == housekeeping.FINISHED]
    chosen = list(dict.fromkeys(names or finished))
    paths = [path for name in chosen for path in housekeeping.unneeded(name)]
    if paths:
        size = sum(map(size_on_disk, paths)) / 1e6
        confirm(f"Remove {size:,.1f} MB that only training needs, of {', '.join(chosen)}?", yes)
    with frame() as command:
        pruned = chosen if paths else []
        command.say(freed("Pruned", pruned, housekeeping.prune(pruned)))
