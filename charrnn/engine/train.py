"""The training loop: truncated back-propagation through time."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from charrnn.engine import plan
from charrnn.engine.evaluate import evaluate
from charrnn.engine.optim import schedule
from charrnn.engine.session import Session, read_saved
from charrnn.engine.watch import RunawayError, Watch, diverged
from charrnn.errors import DivergedError
from charrnn.events import Emit, Evaluated, Finished, Noticed, Planned, Sampled, Saved, Started
from charrnn.play.player import Player
from charrnn.play.sample import write
from charrnn.runs import TRAINING, lock, newest
from charrnn.settings import SampleSettings
from charrnn.text.tokenizers import valid

_SAMPLE = SampleSettings(length=400, temp=0.8, seed=1)
_WORSE_THAN_NOTHING = 20.0  # nats above what knowing nothing costs: such a loss is out of hand
_LOWEST = 1 / 8  # share of its learning rates that a run is tried again with


def train(session: Session, emit: Emit, stop: Callable[[], bool]) -> None:
    """Train to the planned end, or until `stop()`. Everything is on disk afterwards.

    A run whose numbers get out of hand goes back to its last checkpoint, at half its rates;
    DivergedError when that has not helped either, and what was saved before stays.
    """
    watch = Watch(session, emit)
    emit(_started(session))
    plan.by_count(session)
    if session.position.steps:
        emit(Planned(session.position.steps))
    session.model.train()
    if not session.position.step:
        session.save()  # so that there is always something to go back to
    while not session.finished and not stop():
        try:
            _advance(session, watch, emit)
        except RunawayError:
            _go_back(session, watch, emit)
    if not session.finished:
        try:
            _save(session, watch, emit, last=True)
        except RunawayError:
            _go_back(session, watch, emit)
    emit(_finished(session))


def _advance(session: Session, watch: Watch, emit: Emit) -> None:
    """A step, and all that is due after it."""
    now, settings = session.position, session.settings
    session.set_rates(now.scale * schedule(now.step, settings.warmup, now.hold, now.steps))
    watch.note(_step(session))
    if now.steps is None:
        if plan.by_time(session, watch):
            before = watch.seconds
            _look(session, watch, emit)
            emit(Planned(plan.with_looks(session, watch, watch.seconds - before)))
            _save(session, watch, emit)
        elif watch.save_is_due:
            _save(session, watch, emit)
        return
    looks = plan.between_looks(session, now.steps)
    last_is_near = now.steps - now.step < looks / 2
    if session.finished or (now.step % looks == 0 and not last_is_near):
        _look(session, watch, emit)
        if steps := plan.again(session, watch):
            emit(Planned(steps))
    asked = now.step % (settings.save_every or looks) == 0
    due = watch.save_is_due or (asked and (settings.save_every or watch.save_is_cheap))
    if due or session.finished:
        _save(session, watch, emit, last=session.finished)


def _step(session: Session) -> Tensor:
    """Forward, backward and update over the next window. Returns the loss, still on the device.

    It is no number where the loss or the gradient got out of hand. On the processor, where a look
    costs nothing, such a step is then left out.
    """
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
    norm = nn.utils.clip_grad_norm_(model.parameters(), session.settings.clip)
    absurd = loss > math.log(session.corpus.tokenizer.size) + _WORSE_THAN_NOTHING
    loss = torch.where(norm.isfinite() & ~absurd, loss, math.nan)
    session.position.step += 1
    if device.type == "cpu" and not loss.isfinite():
        session.position.skipped += 1
        session.state = model.zero_state(lanes.lanes)
        return loss
    session.position.skipped = 0
    for optimizer in session.optimizers:
        optimizer.step()
        optimizer.zero_grad()
    session.update_average()
    return loss


def _go_back(session: Session, watch: Watch, emit: Emit) -> None:
    """To the last checkpoint that is good, at half the rates."""
    begun, scale = session.position, session.position.scale / 2
    if scale < _LOWEST:
        raise diverged(session)
    session.restore(*newest(session.folder / TRAINING, read_saved, emit, mend=True))
    now = session.position  # what is known of the length and of the best model still holds
    now.scale, now.steps, now.hold = scale, begun.steps, begun.hold
    now.best, now.best_bits = begun.best, begun.best_bits
    emit(
        Noticed(
            f"The loss got out of hand at step {begun.step:,}: "
            f"back to step {now.step:,}, at {scale:g} of the learning rates."
        )
    )
    watch.forget()


def _save(session: Session, watch: Watch, emit: Emit, *, last: bool = False) -> None:
    """Everything to disk, unless it is not worth keeping.

    A disk that refuses is no reason to stop, but at the end: perhaps it has room next time.
    """
    watch.report()
    if session.position.skipped and not last:
        return  # weights that the next steps may not be able to go on with
    if session.position.skipped or not session.is_finite():
        raise RunawayError
    begun = watch.seconds
    with watch.trouble(tolerated=not last):
        if not session.folder.is_dir():
            emit(Noticed(f"{session.folder} has vanished: it is made anew."))
            session.folder.mkdir(parents=True)
            session.lock = lock(session.folder)
            session.position.best = session.position.best_bits = None  # that model is gone
        session.save()
        emit(Saved(session.position.step, str(session.folder)))
    watch.saved = watch.seconds
    watch.cost = watch.saved - begun


def _look(session: Session, watch: Watch, emit: Emit) -> None:
    """Evaluate the averaged weights, keep them if they are the best so far, and let them write."""
    watch.report()
    if not session.is_finite():
        raise RunawayError
    now, best, score = session.position, True, None
    tokens = plan.looked_at(session, now.steps or now.step)
    if len(tokens) > 1:
        score = evaluate(session.average, tokens, session.corpus.tokenizer, bf16=session.bf16)
        best = now.best is None or score.loss < now.best
    player = Player(session.model_settings, session.average.export())
    try:
        text = "".join(write(player, session.corpus.tokenizer, _SAMPLE))
    except DivergedError:
        text = ""
    if not text or (score and not math.isfinite(score.loss)):
        raise RunawayError
    if score:
        emit(Evaluated(now.step, score.loss, score.bits_per_character, best, watch.seconds))
    if best:
        with watch.trouble(tolerated=not session.finished):
            session.save_model(score.loss if score else None)
            if score:
                now.best, now.best_bits = score.loss, score.bits_per_character
    emit(Sampled(now.step, valid(text)))
    watch.reported = watch.seconds  # looking is not training: it stays out of the rate


def _started(session: Session) -> Started:
    m, lanes = session.model_settings, session.lanes
    return Started(
        run=session.folder.name,
        path=str(session.folder),
        corpus=session.corpus.name,
        tokens=len(lanes.tokens),
        vocabulary=session.corpus.tokenizer.size,
        model=f"{m.cell} {m.size}",
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
