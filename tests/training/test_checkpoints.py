"""What becomes of a run whose loss or gradient is not finite."""

import math

import pytest
import torch

from charrnn.errors import DivergedError
from charrnn.events import Noticed
from charrnn.storage.checkpoint import load_checkpoint
from charrnn.storage.runs import MODEL, TRAINING
from charrnn.training.checkpoints import Checkpoints
from charrnn.training.meter import Meter
from charrnn.training.record import train
from charrnn.training.run import NotFiniteError
from charrnn.training.saving import is_finite, read_training
from tests.conftest import tale
from tests.training.conftest import make_run


def poison(run, at):
    """A `stop` that never stops, and makes a weight NaN at a step."""
    if run.step == at:
        with torch.no_grad():
            run.model.weights["head.bias"][0] = math.nan
    return False


def notices(events, *words):
    return [
        e.message for e in events if isinstance(e, Noticed) and all(w in e.message for w in words)
    ]


def test_a_run_that_always_diverges_ends_and_keeps_what_was_good(home):
    """NaN over the last good model or training state, from which nothing comes back."""
    run, events = make_run(home, tale(3000), steps=40, save_every=1), []
    with pytest.raises(DivergedError, match=r"again at step 1\d+, at 0.125 of its learning rates"):
        train(run, events.append, lambda: poison(run, at=10))
    assert len(notices(events, "diverged at step")) == 3
    data, tensors = read_training(run.plan.folder / TRAINING)
    assert data["progress"]["step"] == 10
    assert all(t.isfinite().all() for t in tensors.values())
    load_checkpoint(run.plan.folder / MODEL)


def test_a_run_that_diverges_once_goes_back_and_ends_well(home):
    """A night lost to one bad batch; or continued at the learning rate that made it diverge."""
    run, events = make_run(home, tale(3000), steps=40, save_every=5), []
    train(run, events.append, lambda: run.recovery.learning_rate_scale == 1 and poison(run, at=12))
    assert run.finished
    assert run.recovery.learning_rate_scale == 0.5
    assert is_finite(run)
    assert notices(events, "continues from step 10", "0.5 of the learning rates")


def test_a_step_whose_gradient_is_not_finite_is_skipped(home):
    """One gradient that overflows, and every weight is lost; or a skipped step nobody hears of."""
    run, events = make_run(home, tale(3000), steps=20), []
    backward, before = run.threads.backward, []

    def once_broken(model, *work):
        results = backward(model, *work)
        if run.step == 7:
            before.extend(p.clone() for p in model.parameters())
            next(model.parameters()).grad[0] = math.inf
        if run.step == 8:
            assert all(map(torch.equal, before, model.parameters()))
        return results

    run.threads.backward = once_broken
    train(run, events.append, lambda: False)
    assert before
    assert is_finite(run)
    assert run.recovery.learning_rate_scale == 1
    assert "gradient not finite" in notices(events, "Skipped 1 step")[0]


def test_a_run_does_not_go_back_to_weights_that_have_exploded(home):
    """A checkpoint between the step that went wrong and the moment that this is noticed."""
    run, events = make_run(home, tale(3000), steps=40, save_every=1), []

    def explode():
        if run.step == 12 and run.recovery.learning_rate_scale == 1:
            with torch.no_grad():
                run.model.weights["head.weight"].mul_(1e8)
        return False

    train(run, events.append, explode)
    assert run.finished
    assert run.recovery.learning_rate_scale == 0.5
    assert notices(events, "continues from step 12")


def test_on_a_gpu_a_loss_that_is_not_finite_sends_the_run_back(home):
    """Steps whose loss nobody has read, trained on with."""
    run = make_run(home, tale(3000), steps=5)
    meter = Meter(run, lambda _: None)
    vars(run.plan)["device"] = torch.device("cuda")
    run.clock._begun += 1000  # no report is due yet
    meter.add(torch.tensor(math.nan))
    with pytest.raises(NotFiniteError):
        meter.report()


def test_a_save_that_takes_long_is_rarer(home):
    """A twentieth of a night spent on saving a large network; no save for hours after one hung."""
    run = make_run(home, tale(3000), steps=100_000)
    checkpoints = Checkpoints(run, *[lambda _: None] * 3)
    run.step, checkpoints._saved = 1, 0.0
    for cost, due in (0.1, 60), (3.0, 150), (1000.0, 600):
        checkpoints._cost = cost
        for run.clock.synchronized in (due - 1, due + 1):
            assert checkpoints.is_due == (run.clock.synchronized > due)
