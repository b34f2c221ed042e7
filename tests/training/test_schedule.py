"""The learning rate over the steps of a run."""

import math

import pytest
from hypothesis import given, strategies as st

from charrnn.settings import TrainSettings
from charrnn.training.schedule import learning_rate_factor


def factors(name, warmup, start, total, per_epoch=10, **settings):
    train = TrainSettings(schedule=name, warmup_steps=warmup, **settings)
    return [learning_rate_factor(train, s, start, total, per_epoch) for s in range(total)]


@pytest.mark.parametrize("name", ["linear", "cosine"])
@given(warmup=st.integers(0, 100), start=st.integers(0, 200), more=st.integers(1, 1000))
def test_it_rises_holds_and_falls(name, warmup, start, more):
    """A jump where the decay begins, a negative rate at the end."""
    rates = factors(name, warmup, start, start + more)
    assert all(0 < r <= 1 for r in rates)
    assert rates[start:] == sorted(rates[start:], reverse=True)
    assert rates[:start] == sorted(rates[:start])
    assert rates[-1] < 0.6 or more == 1 or warmup > start


@given(warmup=st.integers(0, 50), start=st.integers(50, 200), more=st.integers(1, 1000))
def test_a_length_that_becomes_known_changes_nothing_before(warmup, start, more):
    """A jump of the learning rate where a timed run has been measured."""
    train = TrainSettings(warmup_steps=warmup)
    known = factors("linear", warmup, start, start + more)
    for step in (0, start // 2, start - 1):
        assert learning_rate_factor(train, step, None, 10**6, 10) == known[step]


def test_the_shapes_are_what_their_names_say():
    """A cosine that is a line; a constant that falls."""
    assert factors("linear", 0, 0, 4) == [1.0, 0.75, 0.5, 0.25]
    assert factors("constant", 1, 0, 3) == [1.0, 1.0, 1.0]
    wave = factors("cosine", 0, 0, 100)
    assert wave[50] == pytest.approx(0.5)
    assert wave[25] == pytest.approx((1 + math.cos(math.pi / 4)) / 2)


def test_the_step_schedule_is_that_of_char_rnn():
    """A decay one epoch early or late: its train.lua multiplies after each epoch from the tenth."""
    rates = factors("step", 0, 0, 140, decay_factor=0.5, decay_after=10.0)
    assert rates[:100] == [1.0] * 100
    assert rates[100:110] == [0.5] * 10
    assert rates[110:120] == [0.25] * 10
