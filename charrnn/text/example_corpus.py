"""Prepared corpora of N examples.

They lie in the order of a digest of their texts: by chance, the same on every machine, and equal
texts are neighbours. So a part is a range of examples, and no text is in two parts.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError, plural
from charrnn.files import open_regular
from charrnn.settings import PartName, TextSettings, no_effect
from charrnn.text.corpus import PARTS, Corpus, Tokens, checked_ids

LEAST = 2  # examples to learn from
FILES = "files.json"


@dataclass(frozen=True, kw_only=True)
class ExampleCorpus(Corpus):
    """A corpus of N examples with M targets, indices of the target vocabulary.

    `starts` (N + 1,) says where each example's tokens begin, `target_starts` (N + 1,) where its
    `targets` (M,) do; all are mapped from disk. `bounds`: the first example for validation and for
    test, where parts were files of their own.
    """

    starts: NDArray[np.int64]
    targets: NDArray[np.int32]
    target_starts: NDArray[np.int64]
    bounds: tuple[int, int] | None = None

    def with_split(self, split: str) -> "ExampleCorpus":
        """The same with another split. UsageError where the parts were files of their own.

        TextError if too few examples are left to learn from.
        """
        if split == self.text.split:
            return self
        if self.bounds:
            raise no_effect(
                "split", "parts that were files of their own", f"prepare {self.name} again"
            )
        changed = replace(self, text=replace(self.text, split=split))
        check_enough(len(changed.examples("train")), self.name)
        return changed

    def part(self, name: PartName) -> Tokens:
        """The tokens of the examples of `train`, `valid` or `test`, possibly none."""
        examples = self.examples(name)
        return self.tokens[self.starts[examples.start] : self.starts[examples.stop]]

    def examples(self, name: PartName) -> range:
        """The indices of the examples of a part, possibly none."""
        bounds = (0, *self._bounds, len(self.starts) - 1)
        return range(*bounds[PARTS.index(name) :][:2])

    def has_part(self, name: PartName) -> bool:
        """Whether a part has examples."""
        return len(self.examples(name)) > 0

    def ids(self, example: int) -> Tokens:
        """The tokens of one example, or the bytes of its picture. TextError if it is damaged."""
        ids = self.tokens[self.starts[example] : self.starts[example + 1]]
        return ids if self.input_shape else checked_ids(ids, self.tokenizer.size)

    def targets_of(self, example: int) -> NDArray[np.int32]:
        """The targets of one example."""
        return self.targets[self.target_starts[example] : self.target_starts[example + 1]]

    @cached_property
    def files(self) -> list[str]:
        """The names of the files (N,) that inputs were; none of texts, or where none are kept."""
        with (
            suppress(OSError, ValueError, RecursionError),
            open_regular(self.folder / FILES) as file,
        ):
            names = json.load(file)
            if isinstance(names, list) and len(names) == len(self.starts) - 1:
                return [*map(str, names)]
        return []

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        is_equal = lambda n: np.array_equal(self.ids(n - 1), self.ids(n))  # noqa: E731
        return self.bounds or split_bounds(self.text, len(self.starts) - 1, is_equal)


def split_bounds(
    settings: TextSettings, count: int, equals_the_one_before: Callable[[int], bool]
) -> tuple[int, int]:
    """The first of `count` examples for validation, and the first for test.

    A bound that would cut a group of equal texts is moved to the group's end.
    """
    train, valid, _ = settings.fractions
    bounds = []
    for fraction in (train, train + valid):
        bound = min(round(fraction * count), count)
        while 0 < bound < count and equals_the_one_before(bound):
            bound += 1
        bounds.append(bound)
    return bounds[0], bounds[1]


def check_enough(examples: int, name: str) -> None:
    """Raise TextError if there are too few examples to learn from."""
    if examples < LEAST:
        raise TextError(
            f"{name} has {plural(examples, 'example')} to learn from",
            f"Take {LEAST} or more, or another --split.",
        )
