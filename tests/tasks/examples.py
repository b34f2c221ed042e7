"""Files of examples, made here, whose targets follow from their inputs."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np


def words(draw: random.Random, letters: str = "abcdegh") -> str:
    """A made-up word."""
    return "".join(draw.choices(letters, k=draw.randrange(1, 9)))


def labelled(count: int, seed: int = 1) -> str:
    """Lines of made-up words: of the sea if they have an `s`, else of the fire if an `f`."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        label, letter = draw.choice([("sea", "s"), ("fire", "f"), ("air", "")])
        letters = [*words(draw)]
        letters.insert(draw.randrange(len(letters) + 1), letter)
        lines.append(f"{label}\t{''.join(letters)}\n")
    return "".join(lines)


def tagged(count: int, seed: int = 1) -> str:
    """Sentences: two tokens after `from` are an origin, one after `to` is a destination."""
    draw = random.Random(seed)
    sentences = []
    for _ in range(count):
        rows = []
        for _ in range(draw.randrange(1, 4)):
            if draw.random() < 0.5:
                rows += [("from", "O"), (words(draw), "B-origin"), (words(draw), "I-origin")]
            else:
                rows += [("to", "O"), (words(draw), "B-goal"), (words(draw), "O")]
        sentences.append("".join(f"{token}\t{tag}\n" for token, tag in rows) + "\n")
    return "".join(sentences)


def rewritten(count: int, seed: int = 1) -> str:
    """Words and what they become: each letter in upper case, `a` twice."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        word = words(draw, "abcd")
        lines.append(f"{word}\t{word.upper().replace('A', 'AA')}\n")
    return "".join(lines)


def captioned(folder: Path, count: int, seed: int = 1, size: int = 4) -> str:
    """Features, in files, whose text is the order of their largest numbers."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    lines = []
    for number in range(count):
        letters = rng.integers(0, 3, 2)
        cells = rng.normal(0, 0.1, (2, size)).astype(np.float32)
        cells[[0, 1], letters] += 1
        name = f"{folder.name}/{number}.npy"
        np.save(folder.parent / name, cells)
        lines.append(f"{name}\t{''.join('xyz'[letter] for letter in letters)}\n")
    return "".join(lines)


FILES: dict[str, Callable[[Path, int], str]] = {
    "label": lambda _, count: labelled(count),
    "tag": lambda _, count: tagged(count),
    "rewrite": lambda _, count: rewritten(count),
    "caption": lambda home, count: captioned(home / "features", count),
}
"""By task: a file of so many examples, in a folder."""
