"""What a run says at its end."""

import pytest

from charrnn.events import Evaluated
from charrnn.settings import TextSettings
from tests.training.conftest import events_of, make_run


def test_the_score_at_the_end_is_that_of_the_best_validation(home):
    """Bits per character of one part computed with the characters of another."""
    text = "a" * 1600 + "é" * 400  # one byte a character to train on, two to validate
    words = TextSettings(tokenizer="byte", split="80/20/0")
    events = events_of(make_run(home, text, words=words, steps=5, batch_size=2))
    best = [e for e in events if isinstance(e, Evaluated) and e.best][-1]
    assert events[-1].scores == best.scores
    bits = best.scores["bits_per_character"]
    assert best.scores["bits_per_byte"] == pytest.approx(bits / 2, rel=0.02)
