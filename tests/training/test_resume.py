"""A run that is interrupted and resumed is the run that was not, bit for bit."""

import math
from dataclasses import replace

import numpy as np
import pytest

from charrnn.settings import TextSettings
from charrnn.storage.checkpoint import load_checkpoint
from charrnn.storage.runs import MODEL as MODEL_FILE, TRAINING
from charrnn.training.saving import read_training, restore
from tests.conftest import tale
from tests.training.conftest import MODEL, arrays_of, events_of, make_run, stop_after

RESUMED = [
    ("lstm", "fp32", {}), ("gru", "fp32", {}), ("lstm", "bf16", {}),
    ("lstm", "fp32", {"optimizer": "adamw", "schedule": "cosine"}),
    ("lstm", "fp32", {"optimizer": "rmsprop", "schedule": "step", "decay_after": 0.0}),
    ("elman", "fp32", {"optimizer": "adagrad", "grad_clip_value": 0.1}),
    ("lstm", "fp32", {"optimizer": "sgd", "schedule": "constant"}),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "precision", "settings"), RESUMED)
def test_a_resumed_run_is_the_same_run_bit_for_bit(home, cell, precision, settings):
    """A random number, a position, a moment, an average or a state that starts anew."""
    settings = {"steps": 40, "precision": precision, **settings}
    check_resuming(home, tale(6000), replace(MODEL, cell=cell), **settings)


def test_a_resumed_run_of_numbers_is_the_same_run_bit_for_bit(home):
    """Bins that are learned, or weights that are smoothed, once more."""
    text = "".join(f"{math.sin(n / 3) + n % 7:.3f}\n" for n in range(900))
    words = TextSettings(tokenizer="number", split="80/10/10", bins=64)
    check_resuming(home, text, MODEL, words=words, steps=40)


def check_resuming(home, text, model, **settings):
    """A run that stops after 21 steps and goes on is the one that does not stop."""
    whole = make_run(home, text, model, "whole", **settings)
    events_of(whole)
    cut = make_run(home, text, model, "cut", **settings)
    last = events_of(cut, stop_after(21))[-1]
    assert (last.interrupted, cut.step) == (True, 21)
    rest = make_run(home, text, model, "cut", **settings)
    restore(rest, *read_training(home / "cut" / TRAINING))
    assert not events_of(rest)[-1].interrupted
    expected = arrays_of(whole)
    for name, array in arrays_of(rest).items():
        assert np.array_equal(array, expected[name]), name
    a, b = (load_checkpoint(home / name / MODEL_FILE) for name in ("whole", "cut"))
    assert replace(a, run="", weights={}, tokenizer=b.tokenizer) == replace(b, run="", weights={})
    assert all(np.array_equal(a.weights[n], b.weights[n]) for n in a.weights)


def test_a_resumed_run_of_threads_and_turns_is_the_same_run(home, two_threads):
    """Sequences, or directions of gates that wait for their turn, that are lost on the way."""

    def made(name):
        run = make_run(home, tale(6000), name=name, steps=20, batch_size=66)
        run.optimizers[0].turns = 3
        return run

    whole = made("whole")
    assert whole.threads.size == 2
    events_of(whole)
    events_of(made("cut"), stop_after(10))
    rest = made("cut")
    restore(rest, *read_training(home / "cut" / TRAINING))
    events_of(rest)
    expected = arrays_of(whole)
    assert all(np.array_equal(array, expected[name]) for name, array in arrays_of(rest).items())
