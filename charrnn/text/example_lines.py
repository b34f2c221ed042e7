"""Examples as people have them: lines of a label, a tab and a text."""

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.events import Emit
from charrnn.settings import TextSettings
from charrnn.text.documents import numbered_lines
from charrnn.text.joined_sources import JoinedSources
from charrnn.text.labelled import LEAST
from charrnn.text.source import Reader, read_text
from charrnn.text.tokenizers.byte import is_utf8

_HINT = "Each line is a label, a tab and a text."


class Example(NamedTuple):
    """A text with its label. `source` is the number of its source, `where` its file and line."""

    source: int
    where: str
    label: str
    text: str


def examples(joined: JoinedSources, reader: Reader) -> Iterator[Example]:
    """The examples of all sources, in the order of their lines. Empty lines are none.

    A line ends with LF or CRLF. TextError names a line that is not an example.
    """
    for source, name, pieces in joined.texts(reader):
        for lines in numbered_lines(pieces, name, _HINT):
            for number, line in lines:
                if line := line.removesuffix("\r"):
                    yield _example(source, f"{name}, line {number}", line)


def examples_in(source: str, settings: TextSettings, emit: Emit, raw: bool) -> Iterator[Example]:
    """The examples in a file, or stdin for `-`. TextError as `examples`, and if there is none."""
    name = "stdin" if source == "-" else source
    found = False
    for lines in numbered_lines(read_text(source, settings, emit, raw), name, _HINT):
        for number, line in lines:
            if line := line.removesuffix("\r"):
                yield _example(0, f"{name}, line {number}", line)
                found = True
    if not found:
        raise TextError(f"there is no example in {name}", _HINT)


def _example(source: int, where: str, line: str) -> Example:
    label, tab, text = line.partition("\t")
    if not tab:
        raise TextError(f"{where} has no tab", _HINT)
    if not label or not text:
        raise TextError(f"{where} has no {'text' if label else 'label'}", _HINT)
    if not is_utf8(label):
        raise TextError(f"{where} has a label that is not UTF-8", "Write it in UTF-8.")
    return Example(source, where, label, text)


@dataclass(frozen=True)
class ExampleTable:
    """All of N examples but their texts, in the order of their lines.

    `labels` are sorted, `targets` (N,) are their numbers, `digests` (N, 2) tell the texts apart.
    """

    labels: list[str]
    targets: NDArray[np.int64]
    sources: NDArray[np.int8]
    digests: NDArray[np.uint64]


def read_table(joined: JoinedSources, parts: Sequence[str], reader: Reader) -> ExampleTable:
    """Read the examples of all sources. `parts` names the part that each source is, first training.

    TextError if one has none, if there is one label alone, or for a label that training lacks.
    """
    numbers: dict[str, int] = {}  # of labels, in the order in which they come
    targets, sources, digests = array("q"), array("b"), bytearray()
    for source, where, label, text in examples(joined, reader):
        if source and label not in numbers:
            raise TextError(
                f"{where} has the label {label}, which no training example has",
                "Correct it, or add training examples with it.",
            )
        targets.append(numbers.setdefault(label, len(numbers)))
        sources.append(source)
        encoded = text.encode("utf-8", "surrogateescape")
        digests += hashlib.blake2b(encoded, digest_size=16).digest()
    found = np.array(sources, np.int8)
    for source, _ in enumerate(parts):
        if not (found == source).any():
            raise TextError(f"there is no example in {joined.sources[source].name}", _HINT)
    labels = sorted(numbers)
    if len(labels) < LEAST:
        raise TextError(f"all examples have the label {labels[0]}", "Take two labels or more.")
    rank = np.zeros(len(labels), np.int64)
    rank[[numbers[label] for label in labels]] = np.arange(len(labels))
    pairs = np.frombuffer(bytes(digests), ">u8").astype(np.uint64).reshape(-1, 2)
    return ExampleTable(labels, rank[np.array(targets, np.int64)], found, pairs)
