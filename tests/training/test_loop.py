"""The training loop, on texts whose entropy is known."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from charrnn.evaluation.loss import evaluate
from charrnn.events import Evaluated, Finished, Planned, Saved, Stepped
from charrnn.settings import ModelSettings
from charrnn.storage.checkpoint import load_checkpoint
from charrnn.storage.runs import MODEL as MODEL_FILE
from charrnn.training.loop import forward_backward, starting_state, training_step
from tests.conftest import tale
from tests.training.conftest import MODEL, arrays_of, events_of, make_run


@pytest.mark.parametrize("optimizer", ["muon", "adamw", "rmsprop", "adagrad", "sgd"])
def test_a_memoryless_source_is_learned_to_its_entropy(home, optimizer):
    """A loss of another token than the next, or not in nats; a learning rate that is too low."""
    p = np.array([0.5, 0.25, 0.125, 0.125])
    text = "".join(np.random.default_rng(0).choice(list("abcd"), 20_000, p=p))
    model = ModelSettings(hidden_size=8, embedding_size=4, layers=1, dropout=0.0)
    run = make_run(home, text, model, steps=200, optimizer=optimizer)
    events = events_of(run)
    tokens = run.plan.corpus.part("test")
    entropy = -np.log(p)[tokens[1:]].mean()  # of this very sample
    score = evaluate(run.ema.model, tokens, run.plan.corpus.tokenizer)
    assert score.loss == pytest.approx(entropy, rel=0.01)
    assert score.bits_per_character == pytest.approx(entropy / math.log(2), rel=0.01)
    assert isinstance(events[-1], Finished)


def test_a_markov_chain_is_learned_to_its_entropy(home):
    """A state that does not reach the output."""
    rng = np.random.default_rng(1)
    rows = np.array([[0.9, 0.1, 0.0], [0.0, 0.8, 0.2], [0.5, 0.0, 0.5]])
    state, found = 0, []
    for _ in range(20_000):
        state = rng.choice(3, p=rows[state])
        found.append("xyz"[state])
    model = ModelSettings(hidden_size=16, embedding_size=4, layers=1, dropout=0.0)
    run = make_run(home, "".join(found), model, steps=300)
    events_of(run)
    tokens = run.plan.corpus.part("test")
    entropy = -np.log(rows[tokens[:-1], tokens[1:]]).mean()
    loss = evaluate(run.ema.model, tokens, run.plan.corpus.tokenizer).loss
    assert loss == pytest.approx(entropy, rel=0.02)


def test_accumulated_gradients_are_the_mean_of_the_batches(home):
    """A step as long as the batches are many, a state that each batch begins anew."""
    settings = {"grad_clip": 1e9, "state_reset": 0.0, "steps": 30}
    model = replace(MODEL, dropout=0.0)
    run = make_run(home, tale(3000), model, **settings, accumulate=3)
    loss = training_step(run).item()
    single, losses = make_run(home, tale(3000), model, **settings), []
    for _ in range(3):  # without a step between them, so their gradients add up
        batch = single.next_batch()
        part, single.state = forward_backward(single, batch, starting_state(single))
        losses.append(part.item())
    assert loss == pytest.approx(np.mean(losses), rel=1e-5)
    for found, summed in zip(run.model.parameters(), single.model.parameters(), strict=True):
        np.testing.assert_allclose(found.grad, summed.grad / 3, rtol=1e-4, atol=1e-7)
    assert run.batches.epochs == single.batches.epochs > 0
    assert run.tokens_per_step == 3 * single.tokens_per_step


def test_a_batch_in_pieces_gives_the_gradients_of_the_whole(home):
    """A piece with another's mask or state, or that weighs more than its share."""
    runs = [make_run(home, tale(3000), replace(MODEL, dropout=0.3), name=name) for name in "ab"]
    losses, states = [], []
    for run, cuts in zip(runs, ([0, 8], [0, 1, 8]), strict=True):
        ((_, batch),) = run.next_batch()
        torch.manual_seed(1)
        parts = [slice(*cut) for cut in pairwise(cuts)]
        pieces = [(part, run.plan.task.sliced(batch, part)) for part in parts]
        state = tuple(tuple(torch.ones_like(a).cumsum(0) for a in layer) for layer in run.state)
        loss, after = forward_backward(run, pieces, state)
        losses.append(loss.item())
        states.append(after)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    torch.testing.assert_close(states[0], states[1])
    for whole, cut in zip(*(run.model.parameters() for run in runs), strict=True):
        torch.testing.assert_close(whole.grad, cut.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("one_hot", [False, True])
def test_a_copied_text_needs_the_state_of_earlier_sequences(home, one_hot):
    """A state dropped between steps of training: what repeats at a distance is not predicted."""
    block = "".join(np.random.default_rng(2).choice(list("abcdefgh"), 24))
    model = replace(MODEL, dropout=0.0, one_hot=one_hot)
    run = make_run(home, block * 400, model, steps=300, seq_length=4)
    events_of(run)
    assert (
        evaluate(run.ema.model, run.plan.corpus.part("test"), run.plan.corpus.tokenizer).loss < 0.1
    )


def test_two_threads_train_what_one_does(home, two_threads):
    """A gradient that a thread writes into another's; a slice with the wrong weight."""
    import torch

    two = make_run(home, tale(6000), name="two", steps=5, batch_size=66)
    torch.set_num_threads(1)
    one = make_run(home, tale(6000), name="one", steps=5, batch_size=66)
    assert (two.threads.size, one.threads.size) == (2, 1)
    for _ in range(5):
        torch.manual_seed(7)
        expected = training_step(one)
        torch.manual_seed(7)
        assert training_step(two).item() == pytest.approx(expected.item(), rel=1e-4)


def test_the_same_seed_trains_the_same_weights_and_another_does_not(home):
    """A source of randomness outside the seed."""

    def trained(seed):
        run = make_run(home, tale(3000), steps=12, seed=seed)
        events_of(run)
        return arrays_of(run)["model.embedding.weight"]

    a, b, c = trained(1), trained(1), trained(2)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_the_best_checkpoint_is_kept(home):
    """The last weights in place of the best ones; a score that is not the file's."""
    run = make_run(home, tale(400), replace(MODEL, hidden_size=64, dropout=0.0), steps=400)
    validations = [e for e in events_of(run) if isinstance(e, Evaluated)]
    best = min(validations, key=lambda e: e.loss)
    assert validations[-1].loss > best.loss, "the text is short enough to overfit"
    kept = load_checkpoint(run.plan.folder / MODEL_FILE)
    assert (kept.step, kept.loss) == (best.step, best.loss)
    lowest = [min(x.loss for x in validations[: i + 1]) for i in range(len(validations))]
    assert [e.best for e in validations] == [
        e.loss == low for e, low in zip(validations, lowest, strict=True)
    ]


def test_epochs_and_time_are_kept(home):
    """An epoch that is not one; a timed run whose number of steps nobody knows."""
    run = make_run(home, tale(4000), epochs=2.5)
    events_of(run)
    assert run.batches.epochs == pytest.approx(2.5, abs=1 / run.batches.per_epoch)
    timed = make_run(home, tale(4000), time="1s", step_seconds=0.01)
    events = events_of(timed)
    *_, last = (e for e in events if isinstance(e, Planned))
    assert timed.step == last.total_steps
    first = next(e for e in events if isinstance(e, Planned | Stepped))
    assert first.total_steps is None, "a guess from before the first step"
    assert any(isinstance(e, Stepped) and e.total_steps == last.total_steps for e in events)


def test_checkpoints_come_as_often_as_asked(home):
    """--save-every that has no effect."""
    events = events_of(make_run(home, tale(3000), steps=10, save_every=3))
    assert [e.step for e in events if isinstance(e, Saved)] == [3, 6, 9, 10]


def test_the_average_follows_the_weights_exponentially(home):
    """The last weights under the name of their average, or a first step that weighs for ever."""
    run = make_run(home, tale(3000), steps=30, ema_decay=0.9)
    head = run.model.weights["head.weight"]
    expected = head.detach().clone()
    for step in range(1, 31):
        training_step(run)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * head.detach()
    average = run.ema.model.weights["head.weight"]
    np.testing.assert_allclose(average.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    assert not np.array_equal(average.numpy(), head.detach().numpy())


@pytest.mark.parametrize("clip", ["grad_clip", "grad_clip_value"])
def test_the_gradient_is_clipped(home, clip):
    """A clip without effect: below Adam's epsilon nothing moves any more."""
    settings = {"steps": 5, "optimizer": "adamw", "weight_decay": 0.0, clip: 1e-14}
    run = make_run(home, tale(3000), **settings)
    head = run.model.weights["head.weight"]
    before = head.detach().clone()
    events_of(run)
    assert (head - before).abs().max() < 1e-5


def test_the_reported_learning_rate_is_that_of_the_optimizer_that_was_asked_for(home):
    """AdamW's rate in the log of a run that Muon trains."""
    run = make_run(
        home, tale(3000), steps=2, warmup_steps=0, learning_rate=0.5, schedule="constant"
    )
    stepped = [e for e in events_of(run) if isinstance(e, Stepped)]
    assert {one.learning_rate for one in stepped} == {0.5}
