"""Events in words."""

import math

import pytest

from charrnn.display.wording import clock, decimal, scored, sentence, time_left
from charrnn.errors import plural
from charrnn.events import Finished, Started, Stepped
from tests.display.conftest import VALID, events

START, END = next(e for e in events() if isinstance(e, Started)), events()[-1]


def test_the_title_says_what_is_trained():
    """A setting that is not said; '1 sequences'."""
    assert sentence(START) == (
        "Training tale: 1,003,855 tokens, vocabulary of 65 characters, "
        "batch of 1 sequence x 32 steps\n"
        "lstm 2x256, 876,929 parameters, muon with a linear schedule, on cpu in bf16"
    )
    again = Started(**{**vars(START), "unit": "byte", "step": 7})
    assert sentence(again).startswith("Resuming tale after 7 steps: ")
    assert "vocabulary of 65 bytes" in sentence(again)
    clips = sentence(Started(**{**vars(START), "counted": "frame"}))
    assert clips.startswith("Training tale: 1,003,855 frames, batch of ")
    other = Started(**{**vars(START), "run": "first"})
    assert sentence(other).startswith("Training first on tale: ")


@pytest.mark.parametrize(("unit", "bits"), [("character", "2.200"), ("byte", "1.200")])
def test_the_ending_says_what_comes_next(unit, bits):
    """Bits per character of a byte model; an interrupted run that nobody knows how to resume."""
    done = sentence(END, unit)
    beside = "guessing 6.02, xz 2.52" if unit == "character" else "guessing 5.01, xz 2.41"
    assert f"\n{bits} bits per {unit} on valid (stream), best at step 90 of 100; {beside}\n" in done
    assert "charrnn sample tale" in done
    series = {"scores": {"bits_per_number": 7.9},
              "baselines": {"guessing": {"bits_per_number": 8.0}}}  # fmt: skip
    numbers = sentence(Finished(**{**vars(END), **series}), "number")
    assert "7.900 bits per number" in numbers
    assert "; guessing one of all bins 8.00\n" in numbers
    assert "--resume" not in done
    stopped = sentence(Finished(**{**vars(END), "interrupted": True}), unit)
    assert "charrnn train --resume --run tale" in stopped
    early = sentence(Finished("tale", 1, None, *VALID, None, {}, {}, 1.0, True), unit)
    assert "1 step in 0:01" in early
    labels = Finished(**{**vars(END), "scores": {"bits_per_label": 0.5}, "baselines": {}})
    assert "predict the label of each line\n" in sentence(labels, "label")
    of_sound = sentence(labels, "label", counted="frame")
    assert "predict the label of a file, or each file of a list\n" in of_sound
    assert "charrnn sample" not in early, "there may be no model yet"


def test_numbers_are_written_plainly():
    """3.1e+02, 1 steps, 0:75."""
    assert [decimal(x) for x in (310.0, 4.206, 0, 1e6)] == ["310", "4.21", "0", "1,000,000"]
    assert [plural(n, "step") for n in (0, 1, 1200)] == ["0 steps", "1 step", "1,200 steps"]
    assert [clock(s) for s in (0.4, 75, 3723)] == ["0:00", "1:15", "1:02:03"]


def test_time_left_is_neither_negative_nor_made_up():
    """A division by zero at step 0; -0:10 left of a run that takes longer than planned."""
    step = next(e for e in events() if isinstance(e, Stepped))
    assert time_left(step, 110) == pytest.approx(10.0)
    assert time_left(step, 5) == 0
    assert time_left(step, None) is None
    assert time_left(Stepped(**{**vars(step), "step": 0}), 10) is not None


def test_the_score_of_a_task_comes_before_its_bits():
    """A fraction without its unit; bits that hide the accuracy."""
    scores = {"accuracy": 0.9124, "macro_f1": 0.5, "bits_per_label": 0.25}
    assert scored(scores, "label") == "accuracy 91.24%, macro F1 0.500, 0.250 bits per label"
    rates = {"word_error_rate": 1.2, "exact_match": 0.5, "bits_per_symbol": 2.0}
    assert scored(rates, "symbol").startswith("word error rate 120.00%, exact match 50.00%, 2.000")
    strange = {"accuracy": 0.0, "bits_per_label": math.nan}  # no example has a label of the model
    assert scored(strange, "label") == "accuracy 0.00%"
    text = {"bits_per_character": 2.0, "bits_per_byte": 1.9}
    assert scored(text, "byte") == "1.900 bits per byte"
