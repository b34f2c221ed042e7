"""How sequences are written: by beam search, or drawn."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from charrnn.errors import UsageError
from charrnn.settings import no_effect


@dataclass(frozen=True)
class Decoding:
    """How sequences are written: the likeliest of `beam`, or drawn at a temperature above 0.

    UsageError for values out of bounds.
    """

    beam: int = 1
    temp: float = 0.0
    seed: int | None = None
    max_length: int | None = None
    """Symbols that a sequence may have."""
    skipped: int = 0
    """Examples before the first one: what is drawn for one follows from the seed and its index."""

    def __post_init__(self) -> None:
        if self.beam < 1 or (self.max_length is not None and self.max_length < 1):
            raise UsageError("a beam and a length are 1 or more", "Take a larger one.")
        if not 0 <= self.temp < math.inf:
            raise UsageError(f"{self.temp} is not a temperature", "Take 0 or more.")
        if self.beam > 1 and self.temp > 0:
            raise UsageError(
                "--beam searches for the likeliest text, and --temp draws one",
                "Leave one of them out.",
            )
        if self.seed is not None and not self.temp:
            raise no_effect("seed", "--temp 0", "give --temp 1, too")

    def check_effective(self, task: str) -> None:
        """Raise UsageError for an option that differs from its default, where nothing is written.

        `task`: the one that writes nothing.
        """
        for field in fields(self):
            if field.name != "skipped" and getattr(self, field.name) != field.default:
                raise no_effect(field.name, f"--task {task}", "name a run that writes texts")

    def generators(self, examples: Iterable[int]) -> list[np.random.Generator]:
        """Random numbers for each of these examples; none where nothing is drawn."""
        if not self.temp:
            return []
        drawn = [None if self.seed is None else [self.seed, self.skipped + n] for n in examples]
        return [np.random.default_rng(seed) for seed in drawn]


GREEDY = Decoding()
