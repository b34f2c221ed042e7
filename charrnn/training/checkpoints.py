"""When a run is saved, and how it goes back to its last checkpoint.

A loss or a gradient may not be finite, or be absurdly large. On the CPU, where reading the loss
costs nothing, such a step is skipped. After several in a row, and on a GPU after the first, the run
goes back to its last checkpoint and continues at half its learning rates. If an eighth does not
help either, it has diverged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from charrnn.errors import DivergedError
from charrnn.events import Emit, Noticed, Saved
from charrnn.network.layers import State
from charrnn.storage.runs import TRAINING, load_newest, lock
from charrnn.training.meter import Meter
from charrnn.training.run import NotFiniteError, Recovery, Run
from charrnn.training.saving import (
    DiskErrors,
    is_finite,
    read_training,
    restore,
    save_model,
    write_training,
)
from charrnn.training.validation import validation_interval

_LONGEST = 60.0  # seconds of work that a power cut may cost, unless a save takes over a second
_AFFORDABLE = 50  # times as long as a save must training have run since the last one: 2 %
_MOST = 600.0  # seconds of work that a power cut may cost, however long a save takes
_LOWEST_SCALE = 1 / 8  # of the learning rates that a run is tried again with


@dataclass
class Checkpoints:
    """Saves a run: every --save-every steps, or with its validations; and once a minute."""

    run: Run
    emit: Emit
    disk: DiskErrors
    meter: Meter

    def __post_init__(self) -> None:
        self._saved = self.run.clock.seconds
        self._cost = 0.0  # seconds that the last save took

    @property
    def is_due(self) -> bool:
        """Whether to save now."""
        run, since = self.run, self.run.clock.seconds - self._saved
        affordable = _AFFORDABLE * self._cost
        if run.finished or since > min(max(_LONGEST, affordable), _MOST):
            return True
        if run.plan.train.save_every:
            return run.step % run.plan.train.save_every == 0
        return run.step % validation_interval(run, run.step) == 0 and since > affordable

    def save(self, *, last: bool = False) -> None:
        """Everything to disk. A disk that refuses is reported; it is an error only for the `last`.

        While steps are being skipped nothing is saved: the next steps may not recover.
        NotFiniteError if the last step was skipped, or something is not finite.
        """
        run = self.run
        last = last or run.finished
        with self.meter.paused():
            begun = run.clock.seconds
            if run.recovery.skipped_steps and not last:
                return
            if run.recovery.skipped_steps or not is_finite(run):
                raise NotFiniteError
            state = run.gathered_state()
            if run.plan.ranks.is_first:  # a disk that refuses there must not keep others waiting
                self._write(state, last)
            run.plan.ranks.wait_for_first()
            run.synchronize()
            self._saved = run.clock.seconds
            self._cost = self._saved - begun

    def _write(self, state: State, last: bool) -> None:
        run = self.run
        with self.disk.tolerated(not last):
            if not run.plan.folder.is_dir():
                self._recreate_folder()
            if run.best is None and run.step:  # not validated yet, or no validation part
                save_model(run, None)
            write_training(run, state)
            self.emit(Saved(run.step, str(run.plan.folder)))

    def _recreate_folder(self) -> None:
        run = self.run
        self.emit(Noticed(f"{run.plan.folder} was deleted: it is created again."))
        run.plan.folder.mkdir(parents=True)
        run.lock = lock(run.plan.folder)
        run.best = None  # that model is gone, too

    @contextmanager
    def recovering(self) -> Iterator[None]:
        """A block of training, after whose failure the run goes back to its last checkpoint."""
        try:
            yield
        except NotFiniteError:
            self.go_back()
            self.meter.restart()

    def go_back(self) -> None:
        """To the last checkpoint, at half the learning rates. DivergedError if that is too low."""
        run = self.run
        failed, scale = run.step, run.recovery.learning_rate_scale
        if scale / 2 < _LOWEST_SCALE:
            raise DivergedError(
                f"the run has diverged again at step {failed:,}, "
                f"at {scale:g} of its learning rates",
                "Train again with a lower --learning-rate or --grad-clip. What was saved is kept.",
            )
        length = replace(run.length, reports=[], mark=None)  # its end does not move back
        best, path = run.best, run.plan.folder / TRAINING
        saved = run.plan.ranks.broadcast(
            lambda: load_newest(path, read_training, self.emit, restore=True)
        )
        restore(run, *saved)
        run.length, run.best, run.recovery = length, best, Recovery(scale / 2)
        self.emit(
            Noticed(
                f"The run diverged at step {failed:,}: it continues from step {run.step:,}, "
                f"at {scale / 2:g} of the learning rates."
            )
        )
