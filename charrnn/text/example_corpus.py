"""Prepared corpora of examples: texts or pictures, and what is to be predicted of each.

    corpora/words-1f0b52c7/
        tokens.bin      the ids of all texts, one text after the other; or the bytes of pictures
        examples.bin    N + 1 places (int64) in it: where each text begins, and the end of the last
        targets.bin     M numbers (int32) of labels, tags or symbols
        target_starts.bin  N + 1 places (int64) in it, unless each example has one target
        corpus.json     as of a text; and task, labels, and bounds where parts were files

The examples lie in the order of a digest of their texts: by chance, the same on every machine, and
equal texts are neighbours. So a part is a range of examples, and no text is in two of them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.settings import PartName, TaskName, no_effect
from charrnn.text.corpus import PARTS, Corpus, Tokens, checked_ids, mapped
from charrnn.values import split_fractions

TASKS: tuple[TaskName, ...] = ("label", "tag", "rewrite", "caption")
PLACE, TARGET = "<i8", "<i4"
LEAST = 2  # examples to learn from
_LONGEST_SIDE = 1 << 24


@dataclass(frozen=True)
class ExampleCorpus(Corpus):
    """A corpus of N texts, or pictures, with M targets, which are numbers of `labels` (K).

    `starts` (N + 1,) says where each text's tokens begin, `target_starts` (N + 1,) where its
    `targets` (M,) do; all are mapped from disk. `bounds`: the first example for validation and for
    test, where parts were files of their own. `input_shape`: of a picture (1, height, width) or of
    features (cells, D), whose bytes stand in the place of tokens.
    """

    task: TaskName
    labels: tuple[str, ...]
    starts: NDArray[np.int64]
    targets: NDArray[np.int32]
    target_starts: NDArray[np.int64]
    bounds: tuple[int, int] | None = None
    input_shape: tuple[int, ...] = ()

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
        found = self.examples(name)
        return self.tokens[self.starts[found.start] : self.starts[found.stop]]

    def examples(self, name: PartName) -> range:
        """The numbers of the examples of a part, possibly none."""
        bounds = (0, *self._bounds, len(self.starts) - 1)
        number = PARTS.index(name)
        return range(bounds[number], bounds[number + 1])

    def ids(self, number: int) -> Tokens:
        """The tokens of one example, or the bytes of its picture. TextError if it is damaged."""
        found = self.tokens[self.starts[number] : self.starts[number + 1]]
        return found if self.input_shape else checked_ids(found, self.tokenizer.size)

    def targets_of(self, number: int) -> NDArray[np.int32]:
        """The targets of one example."""
        return self.targets[self.target_starts[number] : self.target_starts[number + 1]]

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        if self.bounds:
            return self.bounds
        return split_bounds(self.text.split, len(self.starts) - 1, self._equals_the_one_before)

    def _equals_the_one_before(self, number: int) -> bool:
        return np.array_equal(self.ids(number - 1), self.ids(number))


def split_bounds(
    split: str, count: int, equals_the_one_before: Callable[[int], bool]
) -> tuple[int, int]:
    """The first example for validation and for test, of so many.

    A bound that would cut a group of equal texts is moved to the group's end.
    """
    train, valid, _ = split_fractions(split)
    found = []
    for fraction in (train, train + valid):
        bound = min(round(fraction * count), count)
        while 0 < bound < count and equals_the_one_before(bound):
            bound += 1
        found.append(bound)
    return found[0], found[1]


def check_enough(examples: int, name: str) -> None:
    """Raise TextError if there are too few examples to learn from."""
    if examples < LEAST:
        raise TextError(
            f"{name} has {examples or 'no'} example{'s' * (examples != 1)} to learn from",
            f"Take {LEAST} or more, or another --split.",
        )


def with_examples(corpus: Corpus, data: dict[str, Any]) -> ExampleCorpus:
    """The corpus with the examples in its folder, which corpus.json's `data` describes.

    OSError, ValueError, KeyError or TypeError if they are damaged.
    """
    task, labels, count = data["task"], data["labels"], data["examples"]
    if not isinstance(labels, list) or not all(label and type(label) is str for label in labels):
        raise ValueError("its labels are not texts")
    if not labels or labels != sorted(set(labels)):
        raise ValueError("its labels are not in order")
    if type(count) is not int or count < LEAST:
        raise ValueError(f"{count} is not a number of examples")
    starts = _places(corpus, "examples.bin", count, len(corpus.tokens))
    total = data.get("targets", count)
    if type(total) is not int:
        raise ValueError(f"{total} is not a number of targets")
    targets = mapped(corpus.folder, "targets.bin", TARGET, total)
    target_starts: NDArray[np.int64] = np.arange(count + 1)
    if "targets" in data:
        target_starts = _places(corpus, "target_starts.bin", count, total)
    if int(targets.min()) < 0 or int(targets.max()) >= len(labels):
        raise ValueError("targets.bin has a label that corpus.json lacks")
    if task == "label" and (len(labels) < 2 or (total != count and not corpus.text.multi_label)):
        raise ValueError("its labels are not one of several")
    shape = tuple(data.get("input_shape", ()))
    _check_shape(shape, task, starts)
    about = {name: getattr(corpus, name) for name in Corpus.__dataclass_fields__}
    bounds = _checked_bounds(data.get("bounds"), count)
    return ExampleCorpus(
        **about, task=task, labels=(*labels,), starts=starts, targets=targets,
        target_starts=target_starts, bounds=bounds, input_shape=shape,
    )  # fmt: skip


def _check_shape(shape: tuple[Any, ...], task: TaskName, starts: NDArray[np.int64]) -> None:
    """Raise ValueError if inputs that begin at these places cannot have a shape; of texts ()."""
    is_picture = len(shape) == 3 and shape[0] == 1
    if (task == "caption") != (is_picture or len(shape) == 2):
        raise ValueError("its inputs have no shape")
    if not all(type(side) is int and 0 < side < _LONGEST_SIDE for side in shape):
        raise ValueError("its inputs have no shape")
    size = math.prod(shape) if is_picture else 4 * math.prod(shape)  # bytes of float32
    if shape and (np.diff(starts) != size).any():
        raise ValueError("its inputs are not of its shape")


def _places(corpus: Corpus, name: str, count: int, end: int) -> NDArray[np.int64]:
    """Where each of so many examples begins, the last of which ends at `end`."""
    starts: NDArray[np.int64] = mapped(corpus.folder, name, PLACE, count + 1)
    if starts[0] != 0 or starts[-1] != end or not (starts[1:] > starts[:-1]).all():
        raise ValueError(f"{name} does not divide what it is of")
    return starts


def _checked_bounds(bounds: Any, count: int) -> tuple[int, int] | None:
    if bounds is None:
        return None
    valid, test = bounds
    if not (type(valid) is type(test) is int and LEAST <= valid <= test <= count):
        raise ValueError("its parts are not within it")
    return valid, test
