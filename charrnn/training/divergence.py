"""What happens when a loss or a gradient is not finite, or absurdly large.

On the CPU, where reading the loss costs nothing, such a step is skipped. After several in a row,
and on a GPU after the first, the run goes back to its last checkpoint and continues at half its
learning rates. If an eighth does not help either, it has diverged.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from charrnn.errors import DivergedError
from charrnn.events import Emit, Noticed
from charrnn.storage.runs import TRAINING, load_newest
from charrnn.training.recovery import NotFiniteError, Recovery
from charrnn.training.run import Run
from charrnn.training.saving import read_training, restore

_LOWEST_SCALE = 1 / 8  # of the learning rates that a run is tried again with


@contextmanager
def recovering(run: Run, emit: Emit, restart: Callable[[], None]) -> Iterator[None]:
    """A block of training, after whose failure the run goes back, and `restart` is called."""
    try:
        yield
    except NotFiniteError:
        go_back(run, emit)
        restart()


def go_back(run: Run, emit: Emit) -> None:
    """To the last checkpoint, at half the learning rates. DivergedError if that is too low."""
    failed, scale = run.step, run.recovery.learning_rate_scale
    if scale / 2 < _LOWEST_SCALE:
        raise DivergedError(
            f"the run has diverged again at step {failed:,}, at {scale:g} of its learning rates",
            "Train again with a lower --learning-rate or --grad-clip. What was saved is kept.",
        )
    length = replace(run.length, reports=[], mark=None)  # its end does not move back
    best = run.best
    path = run.plan.folder / TRAINING
    saved = run.plan.ranks.from_first(lambda: load_newest(path, read_training, emit, restore=True))
    restore(run, *saved)
    run.length, run.best, run.recovery = length, best, Recovery(scale / 2)
    emit(
        Noticed(
            f"The run diverged at step {failed:,}: it continues from step {run.step:,}, "
            f"at {scale / 2:g} of the learning rates."
        )
    )
