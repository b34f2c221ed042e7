"""The training loop: truncated back-propagation through time."""

import math
import statistics
from collections.abc import Callable

from torch import Tensor, nn

from charrnn.engine.evaluate import evaluate
from charrnn.engine.optim import schedule
from charrnn.engine.session import Session
from charrnn.engine.watch import Watch, diverged
from charrnn.events import Emit, Evaluated, Finished, Planned, Sampled, Saved, Started
from charrnn.play.player import Player
from charrnn.play.sample import write
from charrnn.settings import DEFAULT_TIME, SampleSettings, seconds
from charrnn.text.corpus import Tokens

_SAMPLE = SampleSettings(length=400, temp=0.8, seed=1)


def train(session: Session, emit: Emit, stop: Callable[[], bool]) -> None:
    """Train to the planned end, or until `stop()`. Everything is on disk afterwards.

    DivergedError if a loss or a weight is not finite any more; what was saved before stays.
    """
    now, settings = session.position, session.settings
    watch = Watch(session, emit)
    emit(_started(session))
    _plan_by_count(session)
    if now.steps:
        emit(Planned(now.steps))
    session.model.train()
    while not session.finished and not stop():
        session.set_rates(schedule(now.step, settings.warmup, now.hold, now.steps))
        watch.note(_step(session))
        if now.steps is None:
            _plan_by_time(session, watch, emit)
            continue
        looks = _steps_between_looks(session, now.steps)
        if now.step % looks == 0 or session.finished:
            _look(session, watch, emit)
        if now.step % (settings.save_every or looks) == 0 or session.finished or watch.save_is_due:
            _save(session, watch, emit)
    if not session.finished:
        _save(session, watch, emit)
        if now.step and now.step > watch.looked:
            _look(session, watch, emit)
            _save(session, watch, emit)
    emit(_finished(session))


def _step(session: Session) -> Tensor:
    """Forward, backward and update over the next window. Returns the loss, still on the device."""
    model, lanes, device = session.model, session.lanes, session.device
    ids, fresh = lanes.take()
    if device.type == "cuda" and ids.device.type == "cpu":
        ids = ids.pin_memory().to(device, non_blocking=True)  # without waiting for the last step
    ids = ids.to(device)
    carried = model.reset(session.state, session.settings.reset)
    state = model.zero_state(lanes.lanes) if fresh else carried
    loss, gradients, session.state = session.crew.gradients(model, ids, state, bf16=session.bf16)
    for p, gradient in zip(model.parameters(), gradients, strict=True):
        p.grad = gradient
    nn.utils.clip_grad_norm_(model.parameters(), session.settings.clip)
    for optimizer in session.optimizers:
        optimizer.step()
        optimizer.zero_grad()
    session.position.step += 1
    session.update_average()
    return loss


def _save(session: Session, watch: Watch, emit: Emit) -> None:
    """Everything to disk, unless it is not worth keeping."""
    watch.report()
    if not session.is_finite():
        raise diverged(session)
    session.save()
    emit(Saved(session.position.step, str(session.folder)))
    watch.saved = watch.seconds


def _plan_by_count(session: Session) -> None:
    """Settle the length of a run that is given in steps or epochs."""
    now, settings = session.position, session.settings
    if now.steps is None and (settings.steps or settings.epochs):
        per_epoch = session.lanes.steps_an_epoch
        now.steps = settings.steps or math.ceil((settings.epochs or 0) * per_epoch)
        now.hold = min(settings.warmup, now.steps // 10)


def _plan_by_time(session: Session, watch: Watch, emit: Emit) -> None:
    """Once the first steps have been timed, turn the time left into a number of steps.

    From then on the schedule is a function of the step alone, so a run can be repeated and resumed.
    """
    now = session.position
    budget = seconds(session.settings.time or DEFAULT_TIME)
    if len(watch.times) < 8 or watch.seconds < min(10.0, 0.03 * budget):
        return
    apart = [b - a for a, b in zip(watch.times[2:], watch.times[3:], strict=False)]
    step = statistics.median(apart[len(apart) // 2 :])  # the first are slower: nothing is warm yet
    now.steps = now.step + max(1, round((budget - watch.seconds) / step))  # without the looks
    now.hold = max(now.step, session.settings.warmup)
    before = watch.seconds
    _look(session, watch, emit)
    looks = 1 + now.steps // _steps_between_looks(session, now.steps)
    now.steps = max(now.step + 1, now.steps - round(looks * (watch.seconds - before) / step))
    emit(Planned(now.steps))
    _save(session, watch, emit)


def _looked_at(session: Session, steps: int) -> Tokens:
    """What a run of that length is evaluated on: 1/200 of what it reads, within bounds."""
    read = steps * session.lanes.lanes * session.lanes.window
    return session.corpus.part("valid")[: min(max(read // 200, 1 << 14), 1 << 18)]


def _steps_between_looks(session: Session, steps: int) -> int:
    """A run is looked at a dozen times, unless that would cost over a few percent of it."""
    affordable = 8 * len(_looked_at(session, steps)) // (session.lanes.lanes * session.lanes.window)
    return max(1, steps // 12, affordable)


def _look(session: Session, watch: Watch, emit: Emit) -> None:
    """Evaluate the averaged weights, keep them if they are the best so far, and let them write."""
    watch.report()
    if not session.is_finite():
        raise diverged(session)
    now = session.position
    tokens = _looked_at(session, now.steps or now.step)
    best = True
    if len(tokens) > 1:
        score = evaluate(session.average, tokens, session.corpus.tokenizer, bf16=session.bf16)
        if not math.isfinite(score.loss):
            raise diverged(session)
        best = now.best is None or score.loss < now.best
        if best:
            now.best, now.best_bits = score.loss, score.bits_per_character
        emit(Evaluated(now.step, score.loss, score.bits_per_character, best, watch.seconds))
    if best:
        session.save_model()
    player = Player(session.model_settings, session.average.export())
    emit(Sampled(now.step, "".join(write(player, session.corpus.tokenizer, _SAMPLE))))
    watch.looked = now.step
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
        step=session.position.step,
    )


def _finished(session: Session) -> Finished:
    now = session.position
    return Finished(
        run=session.folder.name,
        step=now.step,
        loss=now.best,
        bits_per_character=now.best_bits,
        seconds=now.seconds,
        interrupted=not session.finished,
    )
