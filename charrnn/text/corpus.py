"""Prepared corpora: token ids in a file that is mapped into memory, in three parts."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from charrnn.errors import TextError
from charrnn.settings import PartName, TextSettings
from charrnn.text.tokenizers.base import Ids, Tokenizer

PARTS: tuple[PartName, ...] = ("train", "valid", "test")
_SEARCHED = 1 << 20  # tokens at a time: a document may be longer than memory

Tokens = Ids


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus. `key` is the digest of its content; `tokens` (N,) is mapped from disk.

    `digests` are those of the sources: the same whatever the tokenizer is.

    `target_vocabulary` is that of the targets of examples. `input_shape` is that of inputs that are
    no texts, whose bytes stand in the place of tokens: see `input_shapes`. `input_scale` has the
    mean and the standard deviation of their features, by which they were scaled.
    """

    folder: Path
    key: str
    tokenizer: Tokenizer
    text: TextSettings
    sources: tuple[str, ...]
    tokens: Tokens
    digests: tuple[str, ...] = ()
    task: str = "text"
    target_vocabulary: tuple[str, ...] = ()
    input_shape: tuple[int, ...] = ()
    input_scale: tuple[tuple[float, float], ...] = ()

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
        bounds = np.round(np.cumsum([0, *self.text.fractions]) * len(self.tokens)).astype(int)
        number = PARTS.index(name)
        first, last = bounds[number], bounds[number + 1]
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
