"""The training loop, on texts whose entropy is known, and across an interruption."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from charrnn import runs, store
from charrnn.engine import plan
from charrnn.engine.evaluate import evaluate
from charrnn.engine.session import Session, read_saved
from charrnn.engine.train import _step, train
from charrnn.events import Evaluated, Finished, Planned, Saved, Stepped
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.text.corpus import prepare
from tests.conftest import tale

MODEL = ModelSettings(width=24, embedding=12, layers=2, dropout=0.1)


def session(home, text, model=MODEL, name="run", **settings):
    (home / "text.txt").write_text(text, "utf-8")
    words = TextSettings(split="80/10/10")
    corpus = prepare(["text.txt"], words, None, lambda _: None)
    settings = {"lanes": 8, "window": 16, "device": "cpu", "precision": "fp32", **settings}
    folder = home / name
    folder.mkdir(exist_ok=True)
    return Session(corpus, folder, model, TrainSettings(**settings), words)


def run(session, stop=lambda: False):
    events = []
    train(session, events.append, stop)
    return events


def weights(session):
    return {n: w.detach().float().numpy().copy() for n, w in session._tensors().items()}


def test_a_run_is_looked_at_about_a_dozen_times_wherever_its_end_moves(home):
    """Two looks a few steps apart, because the run has become longer in between."""
    made = session(home, tale(4000))
    every = {steps: plan.between_looks(made, steps) for steps in range(10_000, 20_000, 100)}
    assert all(8 <= steps / gap <= 16 for steps, gap in every.items())
    gaps = sorted(set(every.values()))
    assert gaps == [gaps[0], 2 * gaps[0]], "a look at one pace is a look at the other, or far off"


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_a_memoryless_source_is_learned_to_its_entropy(home, optimizer):
    """A loss of something else than the next token; a unit that is not nats."""
    p = np.array([0.5, 0.25, 0.125, 0.125])
    text = "".join(np.random.default_rng(0).choice(list("abcd"), 20_000, p=p))
    made = session(home, text, ModelSettings(width=8, embedding=4, layers=1, dropout=0.0),
                   steps=300, optimizer=optimizer)  # fmt: skip
    events = run(made)
    tokens = made.corpus.part("test")
    entropy = -np.log(p)[tokens[1:]].mean()  # of this very sample
    score = evaluate(made.average, tokens, made.corpus.tokenizer)
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
    model = ModelSettings(width=16, embedding=4, layers=1, dropout=0.0)
    made = session(home, "".join(found), model, steps=300)
    run(made)
    tokens = made.corpus.part("test")
    entropy = -np.log(rows[tokens[:-1], tokens[1:]]).mean()
    assert evaluate(made.average, tokens, made.corpus.tokenizer).loss == pytest.approx(
        entropy, rel=0.02
    )


def test_a_copied_text_needs_the_state_of_earlier_windows(home):
    """A state dropped between windows: what repeats at a distance is then never foreseen."""
    rng = np.random.default_rng(2)
    block = "".join(rng.choice(list("abcdefgh"), 24))
    made = session(home, block * 400, replace(MODEL, dropout=0.0), steps=300, window=4)
    run(made)
    assert evaluate(made.average, made.corpus.part("test"), made.corpus.tokenizer).loss < 0.1


@pytest.mark.parametrize(
    ("cell", "precision"), [("lstm", "fp32"), ("gru", "fp32"), ("lstm", "bf16")]
)
def test_a_resumed_run_is_the_same_run_bit_for_bit(home, cell, precision):
    """An RNG, a lane, a momentum, an average or a state that starts anew."""
    text, model = tale(6000), replace(MODEL, cell=cell)
    settings = {"steps": 60, "precision": precision}
    whole = session(home, text, model, name="whole", **settings)
    run(whole)
    cut = session(home, text, model, name="cut", **settings)
    count = iter(range(1000))
    events = run(cut, stop=lambda: next(count) == 31)
    assert isinstance(events[-1], Finished)
    assert events[-1].interrupted
    assert cut.position.step == 31
    rest = session(home, text, model, name="cut", **settings)
    rest.restore(*read_saved(home / "cut" / runs.TRAINING))
    events = run(rest)
    assert not events[-1].interrupted
    expected = weights(whole)
    for name, tensor in weights(rest).items():
        assert np.array_equal(tensor, expected[name]), name
    a, b = (store.load_checkpoint(home / name / runs.MODEL) for name in ("whole", "cut"))
    assert replace(a, run="", weights={}, tokenizer=b.tokenizer) == replace(b, run="", weights={})
    assert all(np.array_equal(a.weights[n], b.weights[n]) for n in a.weights)


def test_a_resumed_run_of_threads_and_turns_is_the_same_run(home):
    """Lanes, or directions of gates that wait for their turn, that are lost on the way."""
    before = torch.get_num_threads()

    def made(name):
        found = session(home, tale(6000), name=name, steps=20, lanes=66)
        found.optimizers[-1].turns = 3
        return found

    try:
        torch.set_num_threads(2)
        whole = made("whole")
        assert whole.crew.size == 2
        run(whole)
        count = iter(range(100))
        run(made("cut"), stop=lambda: next(count) == 10)
        rest = made("cut")
        rest.restore(*read_saved(home / "cut" / runs.TRAINING))
        run(rest)
    finally:
        torch.set_num_threads(before)
    expected = weights(whole)
    assert all(np.array_equal(tensor, expected[name]) for name, tensor in weights(rest).items())


def test_the_same_seed_trains_the_same_weights_and_another_does_not(home):
    """A source of chance outside the seed."""

    def trained(seed):
        made = session(home, tale(3000), steps=12, seed=seed)
        run(made)
        return weights(made)["model.embedding.weight"]

    a, b, c = trained(1), trained(1), trained(2)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_the_best_checkpoint_is_kept(home):
    """The last weights in place of the best ones; a score that is not the file's."""
    made = session(home, tale(400), replace(MODEL, width=64, dropout=0.0), steps=400)
    events = run(made)
    looks = [e for e in events if isinstance(e, Evaluated)]
    best = min(looks, key=lambda e: e.loss)
    assert looks[-1].loss > best.loss, "the text is short enough to be learned by heart"
    kept = store.load_checkpoint(made.folder / runs.MODEL)
    assert (kept.step, kept.loss) == (best.step, best.loss)
    assert [e.best for e in looks] == [e.loss == min(x.loss for x in looks[: i + 1])
                                       for i, e in enumerate(looks)]  # fmt: skip


def test_lengths_are_kept(home):
    """An epoch that is no epoch; a run by time whose steps nobody knows."""
    made = session(home, tale(4000), epochs=2.5)
    run(made)
    assert made.epoch == pytest.approx(2.5, abs=1 / made.lanes.steps_an_epoch)
    timed = session(home, tale(4000), time="1s")
    events = run(timed)
    *_, planned = (e for e in events if isinstance(e, Planned))
    assert timed.position.step == planned.steps
    assert any(isinstance(e, Stepped) and e.steps == planned.steps for e in events)


def test_checkpoints_come_as_often_as_asked(home):
    """--save-every that is not obeyed."""
    events = run(session(home, tale(3000), steps=10, save_every=3))
    assert [e.step for e in events if isinstance(e, Saved)] == [3, 6, 9, 10]


def test_the_average_follows_the_weights_exponentially(home):
    """The last weights under the name of their average, or a first step that weighs for ever."""
    made = session(home, tale(3000), steps=30, average=0.9)
    expected = made.model.head.detach().clone()
    for step in range(1, 31):
        _step(made)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * made.model.head.detach()
    torch.testing.assert_close(made.average.head, expected)
    assert not torch.equal(made.average.head, made.model.head)


def test_the_gradient_is_clipped(home):
    """A --clip that nobody reads: under Adam's epsilon nothing moves any more."""
    made = session(home, tale(3000), steps=5, optimizer="adamw", clip=1e-14, decay=0)
    before = made.model.head.detach().clone()
    run(made)
    assert (made.model.head - before).abs().max() < 1e-5


def test_the_score_of_the_end_is_that_of_the_best_look(home):
    """Bits per character of one part reckoned with the characters of another."""
    text = "a" * 1600 + "é" * 400  # one byte a character to train on, two to validate
    (home / "text.txt").write_text(text, "utf-8")
    words = TextSettings(tokens="byte", split="80/20/0")
    corpus = prepare(["text.txt"], words, None, lambda _: None)
    made = Session(corpus, home, MODEL, TrainSettings(steps=5, lanes=2, device="cpu"), words)
    events = run(made)
    look = [e for e in events if isinstance(e, Evaluated) and e.best][-1]
    assert events[-1].bits_per_character == look.bits_per_character
