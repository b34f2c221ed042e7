"""What is noted of a run while it trains: its time, its losses, and when it has run off."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from charrnn.engine.evaluate import bits, characters_per_token
from charrnn.engine.session import Session
from charrnn.errors import DivergedError, from_os
from charrnn.events import Emit, Noticed, Stepped

_SAVED = 60.0  # seconds of work that a power cut may cost, at most
_SHOWN = 0.4  # seconds between reports: each costs a synchronisation
_PATIENCE = 5  # steps in a row that are left out before the run goes back


class Watch:
    """The clock of a run, and its losses since the last report."""

    def __init__(self, session: Session, emit: Emit) -> None:
        self.session = session
        self.emit = emit
        self.ratio = characters_per_token(session.corpus.part("train"), session.corpus.tokenizer)
        self.begun = time.perf_counter() - session.position.seconds
        self.losses: list[Tensor] = []
        self.times: list[float] = []
        self.entered = self.reported = self.saved = self.seconds
        self.cost = 0.0  # seconds that the last save took
        self.pace = 0.0  # seconds a step, looks apart
        self.mark = (session.position.step, self.seconds)  # from where the pace is measured anew
        self.told = ""  # what the disk refused with, last

    @property
    def save_is_due(self) -> bool:
        """Whether too much would be lost by now."""
        return self.seconds - self.saved > _SAVED

    @property
    def save_is_cheap(self) -> bool:
        """Whether saving now keeps it under 2 % of the time."""
        return self.seconds - self.saved > 50 * self.cost

    @property
    def seconds(self) -> float:
        """The training time of the run so far, earlier sessions included."""
        return time.perf_counter() - self.begun

    @property
    def here(self) -> float:
        """Seconds since this session began."""
        return self.seconds - self.entered

    def note(self, loss: Tensor) -> None:
        """A step is done. `RunawayError` where too many in a row could not be."""
        self.losses.append(loss)
        if self.session.position.skipped >= _PATIENCE:
            raise RunawayError
        if self.session.position.steps is None:
            loss.item()  # wait for the device: the step is being timed
            self.times.append(self.seconds)
        self.session.position.seconds = self.seconds
        if self.seconds - self.reported > _SHOWN:
            self.report()

    def forget(self) -> None:
        """What was noted since the last report, of steps that are taken back."""
        self.losses, self.reported = [], self.seconds

    @contextmanager
    def trouble(self, *, tolerated: bool) -> Iterator[None]:
        """A block that writes. If tolerated, what the disk refuses is told, once, and no error."""
        try:
            yield
        except OSError as error:
            if not tolerated:
                raise
            refused = from_os(error)
            if refused.message != self.told:
                what = f"Not saved: {refused.message}. {refused.hint}"
                self.emit(Noticed(f"{what} Training goes on, and tries again."))
            self.told = refused.message
        else:
            self.told = ""

    def report(self) -> None:
        """Emit what the steps since the last report came to."""
        if not self.losses:
            return
        now, lanes = self.session.position, self.session.lanes
        losses, self.losses = torch.stack(self.losses), []
        fine = losses[losses.isfinite()]
        if skipped := len(losses) - len(fine):
            if self.session.device.type != "cpu":  # where no step is looked at before it is taken
                raise RunawayError
            steps = "a step was" if skipped == 1 else f"{skipped} steps were"
            what = f"{steps} left out: the loss or its gradient was not finite"
            self.emit(Noticed(f"Up to step {now.step:,} {what}."))
        if not len(fine):
            return
        loss = fine.mean().item()
        tokens = len(losses) * lanes.lanes * lanes.window
        self.emit(
            Stepped(
                step=now.step,
                steps=now.steps,
                loss=loss,
                bits_per_character=bits(loss, self.ratio),
                learning_rate=self.session.optimizers[-1].param_groups[0]["lr"],
                characters_per_second=tokens * self.ratio / (self.seconds - self.reported),
                elapsed=self.seconds,
                epoch=self.session.epoch,
            )
        )
        self.reported = self.seconds


class RunawayError(Exception):
    """The run has run off: it has to go back to where its numbers were good."""


def diverged(session: Session) -> DivergedError:
    """What is said of a run that has run off again and again."""
    now = session.position
    return DivergedError(
        f"the run has diverged at step {now.step:,}, and at {now.scale:g} of its rates again",
        "Train anew with a lower --rate, --adam-rate or --clip. What was saved before is kept.",
    )
