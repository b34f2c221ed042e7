"""Runs and scores as a person and as a program see them."""

import json

import pytest

from charrnn.display.listings import run_report, score_report
from charrnn.display.reports import show
from charrnn.events import Curves
from tests.display.conftest import WIDTHS, curves

ABOUT = {
    "run": "tale", "corpus": "tale", "step": 1, "parameters": 12345, "vocabulary_size": 65,
    "model": {"cell": "lstm", "layers": 2, "hidden_size": 32, "task": "text", "crf": False},
    "train": {"time": None, "seed": 1}, "text": {"tokenizer": "byte"},
    "weights": {"layers.0.weight_ih": [128, 16]},
}  # fmt: skip


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_run_says_what_it_is(printed, columns):
    """A setting or a size that is left out; bits per character of a byte model."""
    out = printed(columns, show, run_report(ABOUT, curves("byte")), False)
    words = " ".join(out.split())
    for word in ("lstm 2x32", "12,345 parameters", "after 1 step on", "seed 1", "tokenizer byte",
                 "128x16", "2.100 bits per byte", "tale"):  # fmt: skip
        assert word in words
    assert "time" not in out.partition("╭")[0]
    assert "crf" not in out  # which is of another task
    about = json.loads(printed(80, show, run_report(ABOUT, curves()), True))
    assert about["model"] == ABOUT["model"]
    assert len(about["training"]) == 10
    assert "╭" not in printed(80, show, run_report(ABOUT, Curves([], [])), False)


def test_scores_are_data(capsys):
    """Scores on stderr, or rounded away in JSON."""
    scores = {"part": "test", "tokens": 1234567, "bits_per_character": 2.123456}
    show(score_report(scores), as_json=True)
    assert json.loads(capsys.readouterr().out) == scores
    show(score_report(scores), as_json=False)
    assert capsys.readouterr().out.split() == [
        "part", "test", "tokens", "1,234,567", "bits", "per", "character", "2.1235",
    ]  # fmt: skip
