"""The training loop: truncated back-propagation through time."""

import math
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from charrnn import store
from charrnn.engine.device import autocast
from charrnn.engine.evaluate import bits, characters_per_token, evaluate
from charrnn.engine.model import detached
from charrnn.engine.optim import schedule
from charrnn.engine.session import Session
from charrnn.errors import DivergedError
from charrnn.events import Emit, Evaluated, Finished, Planned, Sampled, Saved, Started, Stepped
from charrnn.play.player import Player
from charrnn.play.sample import write
from charrnn.settings import SampleSettings, seconds

DEFAULT_TIME = "5m"
_EVALUATED = 1 << 18  # tokens of the validation part that are scored on the way, at most
_SHOWN = 0.4  # seconds between reports: each costs a synchronisation
_SAMPLE = SampleSettings(length=400, temp=0.8, seed=1)


def train(session: Session, emit: Emit, stop: Callable[[], bool]) -> None:
    """Train to the planned end, or until `stop()`. Everything is on disk afterwards.

    DivergedError if the loss is not finite any more; what was saved before stays.
    """
    now, settings = session.progress, session.settings
    watch = _Watch(session, emit)
    emit(_started(session))
    _plan_by_count(session)
    if now.steps:
        emit(Planned(now.steps))
    session.model.train()
    while not (interrupted := stop()) and (now.steps is None or now.step < now.steps):
        session.set_rates(schedule(now.step, settings.warmup, now.hold, now.steps))
        watch.note(_step(session))
        if now.steps is None:
            _plan_by_time(session, watch, emit)
            continue
        looks = _steps_between_looks(session, now.steps)
        if now.step % looks == 0 or now.step == now.steps:
            watch.report()
            _look(session, watch, emit)
        if now.step % (settings.save_every or looks) == 0 or now.step == now.steps:
            session.save()
            emit(Saved(now.step, str(session.folder)))
    if interrupted:
        watch.report()
        if not (session.folder / store.MODEL).exists():
            session.save_model()
        session.save()
        emit(Saved(now.step, str(session.folder)))
    emit(_finished(session, interrupted))


def _step(session: Session) -> Tensor:
    """Forward, backward and update over the next window. Returns the loss, still on the device."""
    lanes, device = session.lanes, session.device
    ids, targets, fresh = lanes.take()
    state = session.model.zero_state(lanes.lanes) if fresh else detached(session.state)
    with autocast(device, session.bf16):
        logits, session.state = session.model(ids.to(device), state)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.to(device).flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(session.model.parameters(), session.settings.clip)
    for optimizer in session.optimizers:
        optimizer.step()
        optimizer.zero_grad()
    session.progress.step += 1
    session.update_average()
    return loss.detach()


class _Watch:
    """The clock of a run, and its losses since the last report."""

    def __init__(self, session: Session, emit: Emit) -> None:
        self.session = session
        self.emit = emit
        self.ratio = characters_per_token(session.lanes.tokens, session.corpus.tokenizer)
        self.begun = time.perf_counter() - session.progress.seconds
        self.losses: list[Tensor] = []
        self.times: list[float] = []
        self.reported = self.seconds

    @property
    def seconds(self) -> float:
        """The training time of the run so far, earlier sessions included."""
        return time.perf_counter() - self.begun

    def note(self, loss: Tensor) -> None:
        """A step is done."""
        self.losses.append(loss)
        if self.session.progress.steps is None:
            loss.item()  # wait for the device: the step is being timed
        self.session.progress.seconds = self.seconds
        self.times.append(self.seconds)
        if self.seconds - self.reported > _SHOWN:
            self.report()

    def report(self) -> None:
        """Emit what the steps since the last report came to."""
        if not self.losses:
            return
        now, lanes = self.session.progress, self.session.lanes
        loss = torch.stack(self.losses).mean().item()
        if not math.isfinite(loss):
            raise DivergedError(
                f"the loss is not finite any more at step {now.step}",
                "Lower the learning rate (--rate, --adam-rate) or --clip.",
            )
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


def _plan_by_count(session: Session) -> None:
    """Settle the length of a run that is given in steps or epochs."""
    now, settings = session.progress, session.settings
    if now.steps is None and (settings.steps or settings.epochs):
        per_epoch = session.lanes.steps_an_epoch
        now.steps = settings.steps or math.ceil((settings.epochs or 0) * per_epoch)
        now.hold = min(settings.warmup, now.steps // 10)


def _plan_by_time(session: Session, watch: _Watch, emit: Emit) -> None:
    """Once the first steps have been timed, turn the time left into a number of steps.

    From then on the schedule is a function of the step alone, so a run can be repeated and resumed.
    """
    now = session.progress
    budget = seconds(session.settings.time or DEFAULT_TIME)
    if len(watch.times) < 8 or watch.seconds < min(10.0, 0.03 * budget):
        return
    watch.report()
    before = watch.seconds
    _look(session, watch, emit)
    look = watch.seconds - before
    apart = [b - a for a, b in zip(watch.times[2:], watch.times[3:], strict=False)]
    step = statistics.median(apart)
    left = (budget - watch.seconds) / step
    left -= left / _steps_between_looks(session, now.step + int(left)) * look / step
    now.hold, now.steps = now.step, now.step + max(1, round(left))
    emit(Planned(now.steps))


def _steps_between_looks(session: Session, steps: int) -> int:
    """A run is looked at twenty times, unless that would cost over a few percent of it."""
    scored = min(len(session.corpus.part("valid")), _EVALUATED)
    affordable = 8 * scored // (session.lanes.lanes * session.lanes.window)
    return max(1, steps // 20, affordable)


def _look(session: Session, watch: _Watch, emit: Emit) -> None:
    """Evaluate the averaged weights, keep them if they are the best so far, and let them write."""
    now, tokens = session.progress, session.corpus.part("valid")[:_EVALUATED]
    best = True
    if len(tokens) > 1:
        with autocast(session.device, session.bf16):
            score = evaluate(session.average, tokens, session.corpus.tokenizer)
        best = now.best is None or score.loss < now.best
        now.best = score.loss if best else now.best
        emit(Evaluated(now.step, score.loss, score.bits_per_character, best, watch.seconds))
    if best:
        session.save_model()
    player = Player(session.model_settings, session.average.export())
    emit(Sampled(now.step, "".join(write(player, session.corpus.tokenizer, _SAMPLE))))
    watch.reported = watch.seconds  # looking is not training: it stays out of the rate


def _started(session: Session) -> Started:
    m, lanes = session.model_settings, session.lanes
    return Started(
        run=session.folder.name,
        path=str(session.folder),
        corpus=session.corpus.name,
        tokens=len(lanes.tokens),
        vocabulary=session.corpus.tokenizer.size,
        model=f"{m.cell} {m.layers}x{m.width}",
        parameters=sum(p.numel() for p in session.model.parameters()),
        device=session.device.type,
        precision="bf16" if session.bf16 else "fp32",
        lanes=lanes.lanes,
        window=lanes.window,
        step=session.progress.step,
    )


def _finished(session: Session, interrupted: bool) -> Finished:
    now = session.progress
    ratio = characters_per_token(session.lanes.tokens, session.corpus.tokenizer)
    return Finished(
        run=session.folder.name,
        step=now.step,
        loss=now.best,
        bits_per_character=None if now.best is None else bits(now.best, ratio),
        seconds=now.seconds,
        interrupted=interrupted,
    )
