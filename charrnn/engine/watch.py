"""What is noted of a run while it trains: its time, its losses, and what has been shown of them."""

import math
import time

import torch
from torch import Tensor

from charrnn.engine.evaluate import bits, characters_per_token
from charrnn.engine.session import Session
from charrnn.errors import DivergedError
from charrnn.events import Emit, Stepped

_SAVED = 60.0  # seconds of work that a power cut may cost, at most
_SHOWN = 0.4  # seconds between reports: each costs a synchronisation


class Watch:
    """The clock of a run, and its losses since the last report."""

    def __init__(self, session: Session, emit: Emit) -> None:
        self.session = session
        self.emit = emit
        self.ratio = characters_per_token(session.corpus.part("train"), session.corpus.tokenizer)
        self.begun = time.perf_counter() - session.position.seconds
        self.losses: list[Tensor] = []
        self.times: list[float] = []
        self.reported = self.saved = self.seconds
        self.looked = 0  # the step of the last evaluation

    @property
    def save_is_due(self) -> bool:
        """Whether too much would be lost by now."""
        return self.seconds - self.saved > _SAVED

    @property
    def seconds(self) -> float:
        """The training time of the run so far, earlier sessions included."""
        return time.perf_counter() - self.begun

    def note(self, loss: Tensor) -> None:
        """A step is done."""
        self.losses.append(loss)
        if self.session.position.steps is None:
            loss.item()  # wait for the device: the step is being timed
            self.times.append(self.seconds)
        self.session.position.seconds = self.seconds
        if self.seconds - self.reported > _SHOWN:
            self.report()

    def report(self) -> None:
        """Emit what the steps since the last report came to."""
        if not self.losses:
            return
        now, lanes = self.session.position, self.session.lanes
        loss = torch.stack(self.losses).mean().item()
        if not math.isfinite(loss):
            raise diverged(self.session)
        tokens = len(self.losses) * lanes.lanes * lanes.window
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
        self.losses, self.reported = [], self.seconds


def diverged(session: Session) -> DivergedError:
    """What is said of a run whose numbers are none any more."""
    return DivergedError(
        f"the loss or a weight is not finite any more at step {session.position.step}",
        "Train anew with a lower --rate, --adam-rate or --clip. What was saved before is kept.",
    )
