"""How long a run is: some steps or epochs, or as many steps as its time allows."""

import math
import statistics
from itertools import pairwise

from charrnn.engine.session import Session
from charrnn.engine.watch import Watch
from charrnn.text.corpus import Tokens

_TOLERATED = 0.03  # share of its time that a run may be longer or shorter


def by_count(session: Session) -> None:
    """Settle the length of a run that is given in steps or epochs."""
    now, settings = session.position, session.settings
    if now.steps is None and not settings.timed:
        per_epoch = session.lanes.steps_an_epoch
        now.steps = settings.steps or math.ceil((settings.epochs or 0) * per_epoch)
        now.hold = now.hold or min(settings.warmup, now.steps // 10)


def by_time(session: Session, watch: Watch) -> bool:
    """Once the first steps have been timed, turn the time left into a number of steps.

    From then on the schedule is a function of the step alone, so a run can be repeated and resumed.
    Says whether it is settled; the looks are not in it yet.
    """
    now = session.position
    enough = len(watch.times) >= 8 and watch.here >= min(10.0, 0.03 * session.settings.budget)
    if (
        not enough and watch.here < 0.2 * session.settings.budget
    ):  # steps may be long, and time short
        return False
    apart = [b - a for a, b in pairwise([watch.entered, *watch.times])]
    step = statistics.median(apart[len(apart) // 2 :])  # the first are slower: nothing is warm yet
    now.steps = now.step + max(1, round((session.settings.budget - watch.seconds) / step))
    now.hold = now.hold or max(now.step, session.settings.warmup)
    watch.pace = step
    return True


def with_looks(session: Session, watch: Watch, seconds: float) -> int:
    """Make room for looks that take so long. The steps of the run."""
    now = session.position
    assert now.steps
    looks = 1 + now.steps // between_looks(session, now.steps)
    now.steps = max(now.step + 1, now.steps - round(looks * seconds / watch.pace))
    watch.mark = (now.step, watch.seconds)
    return now.steps


def again(session: Session, watch: Watch) -> int | None:
    """Where the pace has changed, move the end of a timed run. Its steps, if they are others now.

    The learning rate goes on from where it is, in a straight line to the new end. On a machine
    that keeps its pace nothing moves, and the run stays one that can be repeated.
    """
    now, (step, seconds) = session.position, watch.mark
    watch.mark = (now.step, watch.seconds)
    if not (session.settings.timed and now.steps and step < now.step < now.steps):
        return None
    watch.pace = watch.pace or now.seconds / now.step  # a run that goes on has not measured it
    watch.pace = (watch.pace + (watch.seconds - seconds) / (now.step - step)) / 2  # it may jitter
    steps = now.step + max(1, round((session.settings.budget - watch.seconds) / watch.pace))
    if abs(steps - now.steps) * watch.pace < _TOLERATED * session.settings.budget:
        return None
    share = (now.steps - now.step) / max(1, now.steps - now.hold)
    if now.step > now.hold:
        now.hold = steps - (steps - now.step) / share
    now.steps = steps
    return steps


def looked_at(session: Session, steps: int) -> Tokens:
    """What a run of that length is evaluated on: 1/200 of what it reads, within bounds."""
    read = steps * session.lanes.lanes * session.lanes.window
    return session.corpus.part("valid")[: min(max(read // 200, 1 << 14), 1 << 18)]


def between_looks(session: Session, steps: int) -> int:
    """A run is looked at a dozen times or so, unless that would cost over a few percent of it.

    A power of two: else a look might follow upon another wherever the end has moved.
    """
    affordable = 8 * len(looked_at(session, steps)) // (session.lanes.lanes * session.lanes.window)
    return int(2 ** math.ceil(math.log2(max(1, steps / 16, affordable))))
