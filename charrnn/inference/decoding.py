"""What is made of the probabilities of a model that predicts."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields

import numpy as np

from charrnn.errors import UsageError
from charrnn.inference.fusion import TextScorer
from charrnn.settings import ModelSettings, no_effect


@dataclass(frozen=True)
class Decoding:
    """What is made of probabilities. A sequence: the likeliest of `beam`, or drawn at a `temp`.

    Labels: the `top` likeliest, and those above a `threshold`. UsageError for values out of bounds.
    """

    beam: int = 1
    temp: float = 0.0
    seed: int | None = None
    max_length: int | None = None
    """Symbols that a sequence may have."""
    top: int | None = None
    threshold: float | None = None
    language_model: TextScorer | None = None
    """What has its say in the beam."""
    weight: float | None = None
    """Of its log-probabilities, 0.3 where it is not given."""
    positions: bool = True
    """Whether a text by CTC says where its symbols are, which takes longer."""
    skipped: int = 0
    """Examples before the first one: what is drawn for one follows from the seed and its index."""

    def __post_init__(self) -> None:
        counts = (self.beam, self.max_length, self.top)
        if any(n is not None and n < 1 for n in counts):
            raise UsageError("a beam, a length and a top are 1 or more", "Take a larger one.")
        for value, noun in ((self.temp, "temperature"), (self.weight or 0.0, "weight")):
            if not 0 <= value < math.inf:
                raise UsageError(f"{value} is not a {noun}", "Take 0 or more.")
        searches = "--beam" if self.beam > 1 else "--language-model" if self.language_model else ""
        if searches and self.temp > 0:
            raise UsageError(
                f"{searches} searches for the likeliest text, and --temp draws one",
                "Leave one of them out.",
            )
        if self.weight is not None and not self.language_model:
            raise no_effect("weight", "no language model", "give --language-model RUN, too")
        if self.seed is not None and not self.temp:
            raise no_effect("seed", "--temp 0", "give --temp 1, too")

    def check_effective(self, model: ModelSettings, options: Collection[str]) -> None:
        """Raise UsageError for a value that is no default, but for the `options` of a model."""
        for field in fields(self):
            is_default = getattr(self, field.name) == field.default
            if is_default or field.name in (*options, "positions", "skipped"):
                continue
            if field.name == "max_length" and model.decoder == "ctc":
                raise no_effect("max_length", "--decoder ctc", "name a run of another decoder")
            does = "predicts labels" if field.name in ("top", "threshold") else "writes texts"
            raise no_effect(field.name, f"--task {model.task}", f"name a run that {does}")

    def generators(self, examples: Iterable[int]) -> list[np.random.Generator]:
        """Random numbers for each of these examples; none where nothing is drawn."""
        if not self.temp:
            return []
        drawn = [None if self.seed is None else [self.seed, self.skipped + n] for n in examples]
        return [np.random.default_rng(seed) for seed in drawn]


GREEDY = Decoding()
