"""A corpus of examples in figures: how many there are in each part, how long, of which targets."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from charrnn.tables import Cell, Table
from charrnn.text.corpus import PARTS
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.example_notices import Lengths

_SHOWN = 20  # targets in a table


@dataclass(frozen=True)
class ExampleStatistics:
    """Examples by part; tokens and targets of each; how often each part has a target, by name."""

    task: str
    examples: dict[str, int]
    tokens_each: Lengths
    targets_each: Lengths
    targets: dict[str, dict[str, int]]

    def record(self) -> dict[str, Any]:
        """The figures as one JSON object."""
        return asdict(self)

    def tables(self) -> Iterator[Table]:
        """The figures for people: the most frequent targets first."""
        total = f"{sum(self.examples.values()):,} examples for --task {self.task}"
        rows: list[list[Cell]] = [
            ["examples", ", ".join(f"{count:,} {part}" for part, count in self.examples.items())],
            ["each", f"{self.tokens_each.words('token')}, {self.targets_each.words('target')}"],
        ]
        yield Table(rows=rows, title=total, wraps=1)
        shown = [*self.targets.items()][:_SHOWN]
        counts: list[list[Cell]] = [[name, *by_part.values()] for name, by_part in shown]
        left = len(self.targets) - len(shown)
        notes = [f"{left:,} more are less frequent"] if left else []
        title = f"{len(self.targets):,} different targets"
        yield Table(["target", *PARTS], counts, title, notes)


def example_statistics(corpus: ExampleCorpus) -> ExampleStatistics:
    """The figures of a corpus of examples."""
    counts = []
    for part in PARTS:
        examples = corpus.examples(part)
        first, last = corpus.target_starts[[examples.start, examples.stop]]
        counted = np.bincount(corpus.targets[first:last], minlength=len(corpus.target_vocabulary))
        counts.append(counted)
    order = np.argsort(-np.sum(counts, 0), kind="stable").tolist()
    return ExampleStatistics(
        task=corpus.task,
        examples={part: len(corpus.examples(part)) for part in PARTS},
        tokens_each=Lengths.of(np.diff(corpus.starts)),
        targets_each=Lengths.of(np.diff(corpus.target_starts)),
        targets={
            corpus.target_vocabulary[index]: {
                part: int(counted[index]) for part, counted in zip(PARTS, counts, strict=True)
            }
            for index in order
        },
    )
