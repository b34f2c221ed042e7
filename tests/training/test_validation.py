"""When a run is validated, and on what."""

import math
import sys

import numpy as np

from charrnn.events import Evaluated, Sampled
from charrnn.settings import TextSettings
from charrnn.training.validation import validation_interval, validation_tokens
from tests.conftest import tale
from tests.tasks.conftest import corpus_for, task_on
from tests.training.conftest import events_of, make_run

HALF = TextSettings(split="50/50/0")


def test_a_run_is_validated_about_a_dozen_times_wherever_its_end_moves(home):
    """Two validations a few steps apart, because the run has become longer in between."""
    run, intervals = make_run(home, tale(4000), steps=10_000), {}
    for steps in range(10_000, 20_000, 100):
        run.length.total_steps = steps
        intervals[steps] = validation_interval(run, steps)
    assert all(8 <= steps / interval <= 16 for steps, interval in intervals.items())
    found = sorted(set(intervals.values()))
    assert found == [found[0], 2 * found[0]], "one interval is a multiple of the other"


def test_a_long_run_is_validated_on_more_text_than_a_short_one(home):
    """A validation that takes longer than the training, or that measures noise."""
    run = make_run(home, tale(400_000), steps=10)
    few = validation_tokens(run)
    run.length.total_steps = 40_000
    assert few == 1 << 14
    assert few < validation_tokens(run) <= len(run.plan.corpus.part("valid"))


def test_what_is_validated_is_spread_over_the_part(home):
    """The beginning of the part alone, which may be harder than the rest by what a run gains."""
    run = make_run(home, "a" * 8000 + "b" * 4000 + "c" * 4000, steps=1, words=HALF)
    task, b, c = run.plan.task, *run.plan.corpus.tokenizer.encode("bc").tolist()
    for most in (160, 165, 1000):
        found = task.validation(most).tolist()
        assert len(found) == most == task.validation_tokens(most)
        assert abs(found.count(b) - found.count(c)) <= most / 16 + 16
    assert task.validation(10_000).tolist() == [b] * 4000 + [c] * 4000


def test_examples_of_a_validation_are_spread_over_the_part(home):
    """One label alone, where the examples of a file are in the order of their labels."""
    task = task_on(corpus_for("label", home, 400))
    part = task.corpus.examples("valid")
    tokens = task.validation_tokens(sys.maxsize)
    few = task.validation(tokens // 4)
    assert (few[0], few[-1]) == (part[0], part[-1])
    assert len(few) == math.ceil(len(part) / 4)
    assert np.diff(few).min() >= 3
    assert task.validation(tokens).tolist() == [*part]


def test_the_first_validation_comes_in_the_first_tenth(home):
    """Half a run without a figure, because a validation of all examples is dear beside a step."""
    for size, due in ((400_000, [64, 128, 256, 512]), (4000, [8, 16, 32, *range(64, 1000, 64)])):
        run = make_run(home, tale(size), steps=1000)
        is_dear = 8 * validation_tokens(run) / run.tokens_per_step > 1000
        assert is_dear is (size == 400_000)
        assert due == [n for n in range(1, 1000) if n % validation_interval(run, n) == 0]


def test_every_validation_shows_what_the_model_writes(home):
    """A score without a sample, or a sample of the weights before they were averaged."""
    run = make_run(home, tale(4000), steps=40)
    events = events_of(run)
    scored = [e.step for e in events if isinstance(e, Evaluated)]
    assert scored == [e.step for e in events if isinstance(e, Sampled)]
    assert scored[-1] == 40
    assert all(len(e.text) == 400 for e in events if isinstance(e, Sampled))
