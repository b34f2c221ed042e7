"""Runs made up to be compared: no training needed."""

from dataclasses import replace

from charrnn.events import Unit
from charrnn.extras.comparing.comparison import Compared, Group
from tests.display.conftest import curves


def compared(run: str, bits: float, corpus: str = "tale", unit: Unit = "character") -> Compared:
    """A run as `compare` has it."""
    scores = {"bits_per_character": bits, "bits_per_byte": bits / 2}
    sizes = "lstm", "lstm 2x256", 876_929, 1
    taken = 123_456.0, 12_000, 12_345, 3_723.0
    where = corpus, "test", "stream"
    return Compared(run, *sizes, *taken, *where, scores, curves(unit, bits), corpus, ())


def group(name: str, *bits: float, corpus: str = "tale", unit: Unit = "character") -> Group:
    """A group of a run for each of those bits, or a run alone."""
    names = [name] if len(bits) == 1 else [f"{name}-s{n}" for n in range(1, len(bits) + 1)]
    runs = [compared(n, b, corpus, unit) for n, b in zip(names, bits, strict=True)]
    return Group(name, [replace(run, seed=seed) for seed, run in enumerate(runs)])
