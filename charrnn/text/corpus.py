"""Prepared corpora: token ids in a file that is mapped into memory, in three parts.

A corpus is a text, or N examples. Those lie in the order of a digest of their texts: by chance, the
same on every machine, and equal texts are neighbours. So a part is a range of examples, and no text
is in two parts.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.settings import PartName, TextSettings, no_effect
from charrnn.text.tokenizers.base import Ids, Tokenizer

PARTS: tuple[PartName, ...] = ("train", "valid", "test")
LEAST = 2  # examples to learn from
_SEARCHED = 1 << 20  # tokens at a time: a document may be longer than memory

Tokens = Ids


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus. `key` is the digest of its content; `tokens` (N,) is mapped from disk.

    `target_vocabulary` is that of the targets of examples. `input_shape` is that of a picture
    (1, height, width) or of features (cells, D), whose bytes stand in the place of tokens.
    """

    folder: Path
    key: str
    tokenizer: Tokenizer
    text: TextSettings
    sources: tuple[str, ...]
    tokens: Tokens
    task: str = "text"
    target_vocabulary: tuple[str, ...] = ()
    input_shape: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The folder's name without the digest."""
        return self.folder.name.rsplit("-", 1)[0]

    def with_split(self, split: str) -> "Corpus":
        """The same with another split."""
        return replace(self, text=replace(self.text, split=split))

    def part(self, name: PartName) -> Tokens:
        """The tokens of `train`, `valid` or `test`: contiguous, in this order, possibly empty.

        No document is cut: a bound within one is moved to its end.
        """
        bounds = np.cumsum([0, *self.text.fractions]) * len(self.tokens)
        first, last = np.round(bounds).astype(int)[PARTS.index(name) :][:2]
        return self.tokens[self._after_document(first) : self._after_document(last)]

    def has_part(self, name: PartName) -> bool:
        """Whether something is predicted in a part."""
        return len(self.part(name)) > 1

    def _after_document(self, bound: int) -> int:
        """The bound, or the index after the next END where it would cut a document."""
        if self.tokenizer.end is None or bound == 0:
            return bound
        for start in range(bound - 1, len(self.tokens), _SEARCHED):
            ends = np.flatnonzero(self.tokens[start : start + _SEARCHED] == self.tokenizer.end)
            if ends.size:
                return start + int(ends[0]) + 1
        return bound


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
    def _bounds(self) -> tuple[int, int]:
        is_equal = lambda n: np.array_equal(self.ids(n - 1), self.ids(n))  # noqa: E731
        return self.bounds or split_bounds(self.text, len(self.starts) - 1, is_equal)


def part_to_score(corpus: Corpus, part: PartName | None) -> PartName:
    """The part that is named, else test, or valid where there is no test.

    TextError if nothing in it can be scored.
    """
    chosen: PartName = part or ("test" if corpus.has_part("test") else "valid")
    if not corpus.has_part(chosen):
        raise TextError(
            f"the {chosen} part has nothing to score",
            "Score another --part or a file, or train with another --split.",
        )
    return chosen


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
            f"{name} has {examples or 'no'} example{'s' * (examples != 1)} to learn from",
            f"Take {LEAST} or more, or another --split.",
        )


def checked_ids(ids: Tokens, vocabulary_size: int) -> Tokens:
    """The same ids (...). TextError if the vocabulary does not have one of them.

    Opening a corpus does not read its tokens, so they are checked where they are used.
    """
    if ids.size and int(ids.max()) >= vocabulary_size:
        raise TextError(
            f"the corpus is damaged: it has token {int(ids.max())}, "
            f"and its vocabulary ends at {vocabulary_size - 1}",
            "Delete its folder in corpora/ and prepare the text again.",
        )
    return ids
