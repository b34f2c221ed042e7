"""Scores on stdout."""

import json

from charrnn.display.reports import show
from charrnn.display.scores import score_report


def test_scores_are_data(capsys):
    """Scores on stderr, or rounded away in JSON."""
    scores = {"part": "test", "tokens": 1234567, "bits_per_character": 2.123456}
    show(score_report(scores), as_json=True)
    assert json.loads(capsys.readouterr().out) == scores
    show(score_report(scores), as_json=False)
    assert capsys.readouterr().out.split() == [
        "part", "test", "tokens", "1,234,567", "bits", "per", "character", "2.1235",
    ]  # fmt: skip
