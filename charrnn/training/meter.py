"""The mean loss and the speed of training, reported a few times a second."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from charrnn.errors import plural
from charrnn.events import Emit, Noticed, Planned, Stepped
from charrnn.training.run import NotFiniteError, Run

_INTERVAL = 0.4  # seconds between reports: each waits for the device


class Meter:
    """Collects the losses of steps, on the device, until a report is due."""

    def __init__(self, run: Run, emit: Emit) -> None:
        self._run = run
        self._emit = emit
        self._losses: list[Tensor] = []
        self._reported, self._since = run.clock.seconds, run.clock.now
        self._interval = _INTERVAL
        if run.plan.train.timed:
            self._interval = min(_INTERVAL, run.plan.train.budget / 50)  # its length depends on it

    def add(self, loss: Tensor) -> None:
        """Count a step, and report if that is due, which a timed run is first measured by."""
        self._losses.append(loss)
        if self._run.clock.seconds - self._reported > self._interval:
            self.report()
            if self._run.length.is_provisional:
                adjust_length(self._run, self._emit)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A block whose time does not count, before which the losses so far are reported."""
        self.report()
        yield
        self.restart()

    def restart(self) -> None:
        """Forget the losses since the last report, and do not count the time since then."""
        self._losses, self._reported = [], self._run.clock.seconds
        self._since = self._run.clock.now

    def report(self) -> None:
        """Emit the mean loss since the last report. NotFiniteError if it is not finite on a GPU."""
        if not self._losses:
            return
        run, steps = self._run, len(self._losses)
        losses = torch.stack(self._losses)
        finite = losses[losses.isfinite()]
        if skipped := steps - len(finite):
            if run.plan.device.type != "cpu":  # the optimizers have taken this step
                raise NotFiniteError
            count = plural(skipped, "step")
            why = "loss too large, or loss or gradient not finite"
            self._emit(Noticed(f"Skipped {count} up to step {run.step:,}: {why}."))
        if len(finite):
            self._emit(self._stepped(finite.mean().item(), steps))
        self.restart()

    def _stepped(self, loss: float, steps: int) -> Stepped:
        run = self._run
        tokens = steps * run.tokens_per_step
        # the synchronized time is that before the step
        rate = tokens / (run.clock.now - self._since)
        return Stepped(
            step=run.step,
            total_steps=run.length.known_steps,
            loss=loss,
            scores=run.plan.task.training_scores(loss),
            learning_rate=run.optimizers[0].groups[0].learning_rate,
            tokens_per_second=rate,
            characters_per_second=rate * run.plan.task.characters_per_token,
            seconds=run.clock.seconds,
            epoch=run.batches.epochs,
        )


def adjust_length(run: Run, emit: Emit) -> None:
    """Keep a timed run's time."""
    if run.length.adjust(run.step, run.clock.seconds, run.plan.train):
        emit(Planned(run.length.total_steps))
