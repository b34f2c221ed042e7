"""What happens when a loss or a gradient is not finite, or absurdly large.

On the CPU, where reading the loss costs nothing, such a step is skipped. After several in a row,
and on a GPU after the first, the run goes back to its last checkpoint and continues at half its
learning rates. If an eighth does not help either, it has diverged.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor

from charrnn.errors import DivergedError
from charrnn.events import Emit, Noticed
from charrnn.storage.runs import TRAINING, load_newest
from charrnn.training.run import Recovery, Run
from charrnn.training.saving import read_training, restore

_MAX_SKIPPED = 5  # steps in a row that are skipped before the run goes back
_LOWEST_SCALE = 1 / 8  # of the learning rates that a run is tried again with


class NotFiniteError(Exception):
    """The run must go back to its last checkpoint. `recovering` catches it."""


def check_loss(run: Run, loss: Tensor, norm: Tensor) -> Tensor:
    """The loss, or NaN where it or the gradient's norm is not to be learned from."""
    too_large = loss > run.plan.task.largest_loss
    return torch.where(norm.isfinite() & ~too_large, loss, math.nan)


def must_skip(run: Run, loss: Tensor) -> bool:
    """Whether to skip the step. On a GPU, asking would wait for it: `Meter` asks later."""
    skip = run.plan.device.type == "cpu" and not bool(loss.isfinite())
    run.recovery.skipped_steps = run.recovery.skipped_steps + 1 if skip else 0
    if run.recovery.skipped_steps >= _MAX_SKIPPED:
        raise NotFiniteError
    return skip


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
    saved = run.plan.ranks.broadcast(lambda: load_newest(path, read_training, emit, restore=True))
    restore(run, *saved)
    run.length, run.best, run.recovery = length, best, Recovery(scale / 2)
    emit(
        Noticed(
            f"The run diverged at step {failed:,}: it continues from step {run.step:,}, "
            f"at {scale / 2:g} of the learning rates."
        )
    )
