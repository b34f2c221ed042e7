"""When a run is saved, and what is not worth saving."""

from charrnn.events import Emit, Noticed, Saved
from charrnn.network.layers import State
from charrnn.storage.runs import lock
from charrnn.training.disk import DiskErrors
from charrnn.training.meter import Meter
from charrnn.training.recovery import NotFiniteError
from charrnn.training.run import Run
from charrnn.training.saving import is_finite, save_model, whole_state, write_training
from charrnn.training.validation import validation_interval

_LONGEST = 60.0  # seconds of work that a power cut may cost
_AFFORDABLE = 50  # times as long as a save must training have run since the last one: 2 %


class Checkpoints:
    """Saves a run: every --save-every steps, or with its validations; and once a minute."""

    def __init__(self, run: Run, emit: Emit, disk: DiskErrors, meter: Meter) -> None:
        self._run = run
        self._emit = emit
        self._disk = disk
        self._meter = meter
        self._saved = run.clock.seconds
        self._cost = 0.0  # seconds that the last save took

    @property
    def is_due(self) -> bool:
        """Whether to save now."""
        run, since = self._run, self._run.clock.seconds - self._saved
        if run.finished or since > _LONGEST:
            return True
        if run.plan.train.save_every:
            return run.step % run.plan.train.save_every == 0
        return run.step % validation_interval(run) == 0 and since > _AFFORDABLE * self._cost

    def save(self, *, last: bool = False) -> None:
        """Everything to disk. A disk that refuses is reported; it is an error only for the `last`.

        While steps are being skipped nothing is saved: the next steps may not recover.
        NotFiniteError if the last step was skipped, or something is not finite.
        """
        run = self._run
        self._meter.report()
        begun = run.clock.seconds
        last = last or run.finished
        if run.recovery.skipped_steps and not last:
            self._meter.restart()
            return
        if run.recovery.skipped_steps or not is_finite(run):
            raise NotFiniteError
        state = whole_state(run)
        if run.plan.ranks.is_first:  # what a disk refuses there must not keep it from the others
            self._write(state, last)
        run.plan.ranks.wait_for_first()
        run.synchronize()
        self._saved = run.clock.seconds
        self._cost = self._saved - begun
        self._meter.restart()

    def _write(self, state: State, last: bool) -> None:
        run = self._run
        with self._disk.tolerated(not last):
            if not run.plan.folder.is_dir():
                self._recreate_folder()
            if run.best is None and run.step:  # not validated yet, or no validation part
                save_model(run, None)
            write_training(run, state)
            self._emit(Saved(run.step, str(run.plan.folder)))

    def _recreate_folder(self) -> None:
        run = self._run
        self._emit(Noticed(f"{run.plan.folder} was deleted: it is created again."))
        run.plan.folder.mkdir(parents=True)
        run.lock = lock(run.plan.folder)
        run.best = None  # that model is gone, too
