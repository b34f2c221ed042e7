"""The length of a timed run, on machines of any speed."""

import math

import pytest
from hypothesis import given, strategies as st

from charrnn.settings import TrainSettings
from charrnn.training.length import run_length


def interval(steps):
    """Between validations, as `validation_interval` has it."""
    return 2 ** math.ceil(math.log2(max(1, steps / 16)))


def simulate(budget, estimate, pace, speed=lambda _: 1.0):
    """Train by a clock of our own: (seconds it took, RunLength, changes after the first)."""
    settings, validation = TrainSettings(time=f"{budget}s"), budget / 400  # 12 of them: 3 %
    length = run_length(settings, 100, estimate, validation / interval(budget / pace))
    step, seconds, reported, later = 0, 0.0, 0.0, 0
    while step < length.total_steps:
        step += 1
        seconds += pace * speed(seconds)
        if length.is_provisional and seconds - reported > min(0.4, budget / 50):
            reported = seconds
            length.adjust(step, seconds, settings)
        elif not length.is_provisional and step % interval(length.total_steps) == 0:
            seconds += validation
            later += length.adjust(step, seconds, settings)
    return seconds, length, later


@given(
    budget=st.integers(5, 600), pace=st.floats(0.005, 0.3), error=st.floats(0.2, 5.0)
)  # fmt: skip
def test_a_run_takes_its_time_whatever_was_estimated(budget, pace, error):
    """A wrong estimate that makes the run half or twice as long."""
    seconds, length, later = simulate(budget, pace * error, pace)
    assert seconds == pytest.approx(budget, rel=0.05, abs=2 * pace)
    assert later == 0, "a steady machine changes nothing after the first measurement"
    assert not length.adjusted


@pytest.mark.parametrize("factor", [0.4, 0.7, 1.5, 3.0])
@pytest.mark.parametrize("moment", [0.1, 0.5, 0.8])
def test_a_machine_that_changes_its_speed_still_ends_in_time(factor, moment):
    """A run that ends late because another program was started beside it."""
    budget = 100
    seconds, length, later = simulate(
        budget, 0.05, 0.05, lambda now: factor if now > moment * budget else 1.0
    )
    assert seconds == pytest.approx(budget, rel=0.05)
    assert later
    assert length.adjusted


def test_a_changed_length_bends_the_learning_rate_and_does_not_break_it():
    """A learning rate that jumps where the end moves."""
    from charrnn.training.schedule import learning_rate_factor

    settings, step = TrainSettings(time="100s"), 600
    length = run_length(settings, 100, 0.1)
    length.adjust(60, 6.0, settings)
    before = learning_rate_factor(settings, step, length.decay_start, length.total_steps, 100)
    for seconds in (100.0, 95.0, 90.0):
        length.mark = (step - 300, seconds - 60)
        length.adjust(step, seconds, settings)
    after = learning_rate_factor(settings, step, length.decay_start, length.total_steps, 100)
    assert length.total_steps < 800
    assert after == pytest.approx(before, rel=0.02)


def test_steps_and_epochs_are_exact():
    """A length that is rounded down, or adjusted though it was asked for."""
    assert run_length(TrainSettings(steps=7), 100, 1.0).total_steps == 7
    length = run_length(TrainSettings(epochs=2.5), 100, 1.0)
    assert length.total_steps == 250
    assert not length.adjust(100, 1e6, TrainSettings(epochs=2.5))
    assert length.decay_start == 20
    assert run_length(TrainSettings(steps=50, hold_steps=40), 100, 1.0).decay_start == 40
