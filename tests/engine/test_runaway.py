"""What becomes of a run whose numbers get out of hand."""

import math

import pytest
import torch

from charrnn import runs, store
from charrnn.engine.session import read_saved
from charrnn.engine.train import train
from charrnn.engine.watch import RunawayError, Watch
from charrnn.errors import DivergedError
from charrnn.events import Noticed
from tests.conftest import tale
from tests.engine.test_train import session


def test_a_run_that_always_runs_off_ends_and_keeps_what_was_good(home):
    """Not-a-number over the last good model or training state, from which nothing comes back."""
    made, said = session(home, tale(3000), steps=40, save_every=1), []
    with pytest.raises(DivergedError, match=r"diverged at step 1\d+, and at 0.125 of its rates"):
        train(made, said.append, lambda: poison(made, at=10))
    assert sum("got out of hand" in e.message for e in said if isinstance(e, Noticed)) == 3
    data, tensors = read_saved(made.folder / runs.TRAINING)
    assert data["position"]["step"] == 10
    assert all(t.isfinite().all() for t in tensors.values())
    store.load_checkpoint(made.folder / runs.MODEL)


def test_a_run_that_runs_off_once_goes_back_and_ends_well(home):
    """A night lost to one bad batch; or gone on with at the rate that it could not bear."""
    made, said = session(home, tale(3000), steps=40, save_every=5), []
    train(made, said.append, lambda: made.position.scale == 1 and poison(made, at=12))
    assert made.finished
    assert made.position.scale == 0.5
    assert made.is_finite()
    assert [e for e in said if isinstance(e, Noticed) and "back to step 10" in e.message]


def test_a_step_whose_gradient_is_no_number_is_left_out(home):
    """One gradient that overflows, and every weight is lost; or the step that is lost unseen."""
    made, said = session(home, tale(3000), steps=20), []
    gradients, before = made.crew.gradients, []

    def once_broken(model, *given, **named):
        loss, found, state = gradients(model, *given, **named)
        if made.position.step == 7:
            before.extend(p.clone() for p in model.parameters())
            found[0][0] = math.inf
        if made.position.step == 8:
            assert all(map(torch.equal, before, model.parameters()))
        return loss, found, state

    made.crew.gradients = once_broken
    train(made, said.append, lambda: False)
    assert before
    assert made.is_finite()
    assert made.position.scale == 1
    assert [e for e in said if isinstance(e, Noticed) and "a step was left out" in e.message]


def test_weights_that_explode_are_not_what_a_run_goes_back_to(home):
    """A checkpoint between the step that went wrong and the moment that it is noticed."""
    made, said = session(home, tale(3000), steps=40, save_every=1), []

    def explode():
        if made.position.step == 12 and made.position.scale == 1:
            with torch.no_grad():
                made.model.head.mul_(1e8)
        return False

    train(made, said.append, explode)
    assert made.finished
    assert made.position.scale == 0.5
    assert "back to step 12" in next(e.message for e in said if "back to" in str(e))


def test_on_a_gpu_a_loss_that_is_no_number_sends_the_run_back(home):
    """Steps that nobody looked at, trained on with."""
    made = session(home, tale(3000), steps=5)
    watch = Watch(made, lambda _: None)
    made.device = torch.device("cuda")
    watch.note(torch.tensor(math.nan))
    with pytest.raises(RunawayError):
        watch.report()


def poison(session, at):
    if session.position.step == at:
        with torch.no_grad():
            session.model.head_bias[0] = math.nan
    return False
