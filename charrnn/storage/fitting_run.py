"""Which run a command takes where none is named: the run trained last that fits it."""

from collections.abc import Callable
from pathlib import Path

from charrnn.errors import CheckpointError
from charrnn.events import Emit, Noticed
from charrnn.settings import input_of
from charrnn.storage.checkpoint import About, Checkpoint, read_about
from charrnn.storage.container import UNREADABLE, read_metadata
from charrnn.storage.old_formats import upgraded_metadata
from charrnn.storage.runs import MODEL, load_run, run_folders
from charrnn.tasks import inputs_of


def last_run(fits: Callable[[About], bool]) -> str | None:
    """The run trained last whose model fits, by its name; None if there is none.

    A model that cannot be read counts: who loads it says why, or takes the version before.
    """
    for folder in reversed(run_folders()):
        try:
            is_fitting = fits(about_run(folder))
        except UNREADABLE:
            is_fitting = True
        if is_fitting:
            return folder.name
    return None


def load_language_model(name: str | Path | None, emit: Emit) -> Checkpoint:
    """As `load_run`, of a run that continues texts; None: of the last that does.

    CheckpointError for a run of another task.
    """
    chosen = name or last_run(lambda about: not about.target_vocabulary)
    if chosen != name and chosen != run_folders()[-1].name:
        emit(Noticed(f"Run {chosen} is the one trained last that continues texts."))
    checkpoint = load_run(chosen, emit)
    if not checkpoint.is_language_model:
        run, task = checkpoint.run, checkpoint.model.task
        raise CheckpointError(
            f"run {run} was trained with --task {task}, and does not continue a text",
            f"Name another run, or let it predict: charrnn predict {run} FILE",
        )
    return checkpoint


def about_run(folder: Path, file: str = MODEL) -> About:
    """What the run in a folder is, by such a file. One of UNREADABLE if that cannot be read."""
    return read_about(upgraded_metadata(read_metadata(folder / file)))


def reads(about: About, file: str, first_line: str) -> bool:
    """Whether a run predicts something of a file, or of the one that its first line names.

    Either name may be empty.
    """
    inputs = inputs_of(file) or inputs_of(first_line) or {"text"}
    return input_of(about.model.task, about.text) in inputs
