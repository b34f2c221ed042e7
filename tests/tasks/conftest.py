"""Texts whose label follows from their letters."""

import random

import pytest

from charrnn.settings import TextSettings
from charrnn.text.example_preparation import prepare_examples


def labelled(count: int, seed: int = 1) -> str:
    """Lines of made-up words: of the sea if they have an `s`, else of the fire if an `f`."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        label, letter = draw.choice([("sea", "s"), ("fire", "f"), ("air", "")])
        letters = draw.choices("abcdegh", k=draw.randrange(1, 9))
        letters.insert(draw.randrange(len(letters) + 1), letter)
        lines.append(f"{label}\t{''.join(letters)}\n")
    return "".join(lines)


@pytest.fixture
def corpus(home):
    """A prepared corpus of such words."""
    (home / "words.tsv").write_text(labelled(400), "utf-8")
    settings = TextSettings(split="80/10/10")
    return prepare_examples("label", "words.tsv", settings, None, lambda _: None)
