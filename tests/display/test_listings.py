"""Runs and scores as a person and as a program see them."""

import json

import pytest

from charrnn.display.listings import run_report, score_report
from charrnn.display.reports import Report, show
from charrnn.events import Curves, Measured
from charrnn.inference.score import Score
from tests.display.conftest import ABOUT, WIDTHS, curves


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_run_says_what_it_is(printed, columns):
    """A setting or a size that is left out; bits per character of a byte model."""
    kept = Measured(1, "valid", "stream", 1.4, {"bits_per_byte": 2.1})
    out = printed(columns, show, run_report(ABOUT, curves("byte"), kept), False)
    words = " ".join(out.split())
    for word in ("lstm 2x32", "12,345 parameters", "after 1 step on", "seed 1", "tokenizer byte",
                 "128x16", "2.100 bits per byte on valid (stream), best at step 1 of 9",
                 "tale"):  # fmt: skip
        assert word in words
    assert "time" not in out.partition("╭")[0]
    assert "crf" not in out  # which is of another task
    about = json.loads(printed(80, show, run_report(ABOUT, curves()), True))
    assert about["model"] == ABOUT["model"]
    assert len(about["training"]) == 10
    assert "╭" not in printed(80, show, run_report(ABOUT, Curves([], [])), False)


def test_scores_are_data(capsys):
    """Scores on stderr, or rounded away in JSON."""
    scores = {"part": "test", "tokens": 1234567, "bits_per_character": 2.123456,
              "perplexity": 1e300, "unit": "character", "baselines": {}}  # fmt: skip
    show(score_report(scores), as_json=True)
    assert json.loads(capsys.readouterr().out) == scores
    show(score_report(scores), as_json=False)
    first, *figures = capsys.readouterr().out.splitlines()
    assert first == "2.123 bits per character on test"
    assert " ".join(figures).split() == [
        "part", "test", "tokens", "1,234,567", "bits", "per", "character", "2.1235",
        "perplexity", "1e+300", "unit", "character",
    ]  # fmt: skip


def test_json_has_no_infinity(capsys):
    """A perplexity of 305 digits; a line that no other language reads."""
    loss = {"loss": 800.0, "perplexity": Score(1, 1, 1, 800.0).perplexity, "bits_per_byte": [1e999]}
    show(Report([loss], ()), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found == {"loss": 800.0, "perplexity": None, "bits_per_byte": [None]}
