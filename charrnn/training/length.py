"""How long a run is: a number of steps or epochs, or as many steps as its time allows."""

import math
from dataclasses import dataclass, field

from charrnn.settings import TrainSettings

_TOLERATED = 0.03  # fraction of its time that a run may be longer or shorter
_MEASURED_STEPS = 8  # that a timed run is measured over, at least
_MEASURED_TIME = 0.03  # fraction of its time, likewise; but not more than _LONGEST
_LONGEST = 10.0  # seconds


@dataclass
class RunLength:
    """The last step of a run, and the step from which its learning rate falls.

    For a timed run both are estimates that `adjust` corrects. `decay_start` is None until its first
    steps have been measured: the learning rate does not fall before. `adjusted` says that it was
    corrected later, so that no number of steps repeats the run exactly.

    `step_seconds` includes `overhead`, an estimate of what validations add to a step.
    """

    total_steps: int
    decay_start: float | None
    budget: float | None = None  # seconds; None for a run that is not timed
    step_seconds: float = 0.0
    overhead: float = 0.0
    adjusted: bool = False
    mark: tuple[int, float] | None = None  # (step, seconds) of the last validation
    reports: list[tuple[int, float]] = field(default_factory=list)

    @property
    def is_provisional(self) -> bool:
        """Whether the first steps of a timed run are still to be measured."""
        return self.budget is not None and self.decay_start is None

    @property
    def known_steps(self) -> int | None:
        """The last step; None while it is a guess from before the training."""
        return None if self.is_provisional else self.total_steps

    def adjust(self, step: int, seconds: float, settings: TrainSettings) -> bool:
        """Correct the length of a timed run that has come so far. Whether it has changed.

        To be called after each validation, so that every measurement includes one; and after each
        report while the length is provisional. From where it is, the learning rate then falls to
        the new end. On a machine with a steady speed nothing changes after the
        first measurement, and the run can be repeated exactly.
        """
        if self.budget is None or step >= self.total_steps:
            return False
        if self.decay_start is None:
            return self._measure_first(step, seconds, settings)
        if self.mark is None or self.mark[0] >= step:
            self.mark = (step, seconds)
            return False
        measured = (seconds - self.mark[1]) / (step - self.mark[0])
        self.step_seconds = (self.step_seconds + measured) / 2  # less noise than one alone
        self.mark = (step, seconds)
        total = step + self._steps_left(seconds)
        tolerated = max(1, _TOLERATED * self.budget / self.step_seconds)
        if abs(total - self.total_steps) <= tolerated:
            return False
        if step > self.decay_start:
            left = (self.total_steps - step) / max(1, self.total_steps - self.decay_start)
            self.decay_start = total - (total - step) / left
            self.adjusted = True
        self.total_steps = total
        return True

    def _measure_first(self, step: int, seconds: float, settings: TrainSettings) -> bool:
        assert self.budget is not None
        self.reports.append((step, seconds))
        enough = seconds >= min(_LONGEST, _MEASURED_TIME * self.budget)
        if not (enough and step >= _MEASURED_STEPS) and seconds < 0.2 * self.budget:
            return False
        middle_step, middle = self.reports[(len(self.reports) - 1) // 2]  # the first are slower
        if middle_step < step:
            self.step_seconds = (seconds - middle) / (step - middle_step)
        else:
            self.step_seconds = seconds / step
        self.step_seconds += self.overhead
        self.total_steps = step + self._steps_left(seconds)
        self.decay_start = max(step, settings.warmup_steps, settings.hold_steps or 0)
        return True

    def _steps_left(self, seconds: float) -> int:
        assert self.budget is not None
        return max(1, round((self.budget - seconds) / self.step_seconds))


def run_length(
    settings: TrainSettings, batches_per_epoch: int, step_seconds: float, overhead: float = 0.0
) -> RunLength:
    """The length of a run; of a timed one an estimate, by the seconds per step."""
    if settings.timed:
        step_seconds = max(step_seconds + overhead, 1e-9)
        total = max(2 * _MEASURED_STEPS, round(settings.budget / step_seconds))
        return RunLength(total, None, settings.budget, step_seconds, overhead)
    batches = (settings.epochs or 0) * batches_per_epoch
    total = settings.steps or max(1, math.ceil(batches / settings.accumulate))
    hold = settings.hold_steps
    return RunLength(total, min(settings.warmup_steps, total // 10) if hold is None else hold)
