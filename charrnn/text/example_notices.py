"""What is said of examples when they have been prepared: what was read, and what looks wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import plural
from charrnn.text.example_table import ExampleTable
from charrnn.text.examples import Example, ExampleFormat, ExampleSources
from charrnn.values import column_names

_LISTED = 6  # targets
_ENOUGH = 20  # examples from which their columns can be judged
_HEADERS = {
    "label", "labels", "class", "category", "text", "sentence", "message", "source", "target",
    "input", "output", "token", "tokens", "word", "tag", "tags", "picture", "image", "caption",
    "file", "name",
}  # fmt: skip

_NAMES = {" ": "space", "\n": "newline", "\t": "tab"}

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Lengths:
    """The shortest, the mean and the longest of several lengths."""

    least: int
    mean: float
    most: int

    @classmethod
    def of(cls, lengths: Indices) -> "Lengths":
        """Of lengths (N,)."""
        return cls(int(lengths.min()), round(float(lengths.mean()), 3), int(lengths.max()))

    def words(self, noun: str) -> str:
        """'3 to 9 characters (mean 5.1)', or '1 label' where all are the same."""
        most = plural(self.most, noun)
        if self.least == self.most:
            return most
        return f"{self.least:,} to {most} (mean {self.mean:,.1f})"


class Read(NamedTuple):
    """What was read of the inputs: their lengths (N,) in tokens, and characters that were lost.

    `characters` is the number of all, `unknown` of those that the vocabulary lacks.
    """

    lengths: Indices
    characters: int
    unknown: int


def what_was_read(table: ExampleTable, examples: ExampleSources, read: Read) -> str:
    """200 examples, 3 labels: en 105, de 80, fr 15; texts of 3 to 9 characters (mean 5.1)."""
    lines, items = examples.fmt.lines, examples.fmt.items
    per_example, count = np.diff(table.target_starts), len(table.sources)
    times = np.bincount(table.targets, minlength=len(table.vocabulary))
    frequent = np.argsort(-times, kind="stable")[:_LISTED].tolist()
    names = [_NAMES.get(name, name) for name in table.vocabulary]
    listed = [f"{names[number]} {times[number]:,}" for number in frequent]
    listed += ["..."] * (len(times) > _LISTED)
    different = plural(len(times), lines.target)
    parts = [f"{plural(count, 'example')}, {different}: {', '.join(listed)}"]
    if measured := items.measured(read.lengths):
        parts.append(measured)
    if not (per_example == 1).all():
        parts.append(f"each has {Lengths.of(per_example).words(lines.target)}")
    if read.unknown:
        share = read.unknown / read.characters
        parts.append(f"{max(share, 0.001):.1%} of the characters are not in the vocabulary")
    return "; ".join(parts) + "."


def doubts(
    table: ExampleTable, order: Indices, train: int, examples: ExampleSources
) -> Iterator[str]:
    """What makes a score misleading, or columns look as if they were others.

    `order` (N,) as examples are stored, the first `train` of them for training.
    """
    target = examples.fmt.lines.target
    starts = table.target_starts
    learned = np.zeros(len(table.sources), bool)
    learned[order[:train]] = True
    seen = table.targets[np.repeat(learned, np.diff(starts))]
    times = np.bincount(seen, minlength=len(table.vocabulary))
    if missing := [table.vocabulary[index] for index in np.flatnonzero(times == 0)]:
        yield f"No training example has the {target} {_listed(missing)}." + (
            " --target-unit character writes words that none has."
            * (examples.fmt.settings.target_unit == "word")
        )
    texts = table.digests[order]
    if both := int(np.isin(texts[train:], texts[:train]).sum()):
        layout = examples.fmt.lines.layout
        source = layout.names[layout.source]
        yield f"Training has the {source} of {both:,} of the examples of --valid and --test."
    yield from _doubts_of_columns(table, examples)


def _doubts_of_columns(table: ExampleTable, examples: ExampleSources) -> Iterator[str]:
    """That a first line is a header, or that columns are swapped."""
    fmt, enough = examples.fmt, len(table.sources) >= _ENOUGH
    times = np.bincount(table.targets)
    others_repeat = enough and fmt.lines.one_target and np.sort(times)[1] > 1
    for first in table.first:
        target = table.vocabulary.index(first.targets[0])
        yield from header_doubt(first, fmt, others_repeat and times[target] == 1)
    if enough and fmt.lines.least > 1 and 2 * len(times) > len(table.targets):
        swapped = ",".join(reversed(column_names(fmt.settings.columns or "1,2")))
        yield (
            f"There are {len(times):,} different {fmt.lines.target}s for {len(table.targets):,} "
            f"examples. If the columns are the other way round, add --columns {swapped}."
        )


def header_doubt(first: Example, fmt: ExampleFormat, is_odd: bool) -> Iterator[str]:
    """That the first example of a file is a header: by its words, or where its target `is_odd`."""
    columns = _columns(first, fmt)
    if is_odd or {column.casefold() for column in columns} <= _HEADERS:
        yield (
            f"{first.where} looks like a header, and is read as an example. "
            f"--columns {','.join(columns)} leaves it out."
        )


def _columns(example: Example, fmt: ExampleFormat) -> list[str]:
    """The columns of an example, or of its first token, in the order of its file."""
    layout, text, target = fmt.lines.layout, example.text, "".join(example.targets)
    if layout.lists:
        text, target = text.partition(" ")[0], example.targets[0]
    return [target, text] if layout.source else [text, target]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + ", ..." * (len(names) > 5)
