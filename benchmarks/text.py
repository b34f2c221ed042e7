"""English-like text, made here: words by Zipf's law, in sentences and lines."""

import itertools
import random
from pathlib import Path

_SYLLABLES = ["".join(pair) for pair in itertools.product("bcdfghlmnprstvw", "aeiou")]


def english(characters: int) -> str:
    """The same text for the same length."""
    chance = random.Random(characters)
    words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(5000)]
    weights = [1 / rank for rank in range(1, 5001)]
    drawn = iter(chance.choices(words, weights, k=characters // 3))
    lines, size = [], 0
    while size < characters:
        line = " ".join(next(drawn) for _ in range(chance.randint(5, 14))).capitalize()
        lines.append(line + chance.choice([".", ".", ",", "!", "?", " — so"]))
        size += len(lines[-1]) + 1
    return "\n".join(lines)[:characters]


def write_mixed(path: Path, megabytes: int) -> float:
    """Write a text of which a quarter of the megabytes have characters beyond ASCII. Its MB."""
    chance = random.Random(megabytes)
    plain = english(1_000_000).replace("—", "-")
    with path.open("w", encoding="utf-8", newline="") as file:
        for _ in range(megabytes):
            place = chance.randrange(len(plain))
            other = chance.choice(["naïve", "Größe", "“so”", "日本" * chance.randrange(50_000)])
            file.write(plain[:place] + other * (chance.random() < 0.25) + plain[place:])
    return path.stat().st_size / 1e6
