"""Training one run from the command line: alone, or as one of torchrun's processes."""

from typing import TYPE_CHECKING

import typer

from charrnn.cli.process import is_launched, limit_threads
from charrnn.cli.signals import stop_on_signals
from charrnn.errors import CharRNNError, LostError
from charrnn.events import Noticed
from charrnn.settings import Request

if TYPE_CHECKING:
    from charrnn.training.record import Listeners
    from charrnn.training.run import Run


def train_run(request: Request, quiet: bool, json: bool, listeners: "Listeners") -> None:
    """Train in this process, alone or as one of those that torchrun has started."""
    limit_threads()
    from charrnn.display.log import listen
    from charrnn.training.begin import begin

    ranks = None
    if is_launched():
        from charrnn.engine.ranks import Ranks

        ranks = Ranks.join()
    first = not ranks or ranks.is_first
    run: Run | None = None
    try:
        with listen(quiet or not first, json and first) as emit:
            try:
                run = begin(request, emit, ranks)
            except KeyboardInterrupt:
                emit(Noticed("Stopped before the training began."))
                raise
            from charrnn.training.record import train_and_record

            with stop_on_signals() as stop:
                train_and_record(run, emit, stop, listeners)
    except CharRNNError as error:
        if isinstance(error, LostError) and run and not error.will_restart:
            error.hint += f" To continue: charrnn train --resume --run {run.plan.folder.name}"
        if ranks and not error.said:
            error.said = not ranks.first_to_say(error.message)
        raise
    if stop.number and not run.finished:
        raise typer.Exit(128 + stop.number)
