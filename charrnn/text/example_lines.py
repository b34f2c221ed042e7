"""The examples of files, with their places, and the table of all of them but their texts."""

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.events import Emit
from charrnn.text.documents import numbered_lines
from charrnn.text.example_formats import ExampleFormat, Line, MalformedError
from charrnn.text.joined_sources import JoinedSources
from charrnn.text.source import Reader, read_text
from charrnn.text.tokenizers.byte import is_utf8


class Example(NamedTuple):
    """A text with its targets. `source` is the number of its source, `where` its file and line."""

    source: int
    where: str
    text: str
    targets: tuple[str, ...]


def examples(joined: JoinedSources, reader: Reader, fmt: ExampleFormat) -> Iterator[Example]:
    """The examples of all sources, in the order of their lines.

    A line ends with LF or CRLF. TextError names a line that is not an example.
    """
    for source, name, pieces in joined.texts(reader):
        yield from _examples(pieces, source, name, fmt)


def examples_in(source: str, fmt: ExampleFormat, emit: Emit, raw: bool) -> Iterator[Example]:
    """The examples in a file, or stdin for `-`. TextError as `examples`, and if there is none."""
    name = "stdin" if source == "-" else source
    example = None
    for example in _examples(read_text(source, fmt.settings, emit, raw), 0, name, fmt):
        yield example
    if example is None:
        raise TextError(f"there is no example in {name}", fmt.hint)


def _examples(
    pieces: Iterator[str], source: int, name: str, fmt: ExampleFormat
) -> Iterator[Example]:
    try:
        for line, text, targets in fmt.read(_lines(pieces, name, fmt.hint)):
            where = f"{name}, line {line}"
            if not is_utf8("".join(targets)):
                raise TextError(
                    f"{where} has a {fmt.target} that is not UTF-8", "Write it in UTF-8."
                )
            yield Example(source, where, fmt.placed(text, name), targets)
    except MalformedError as error:
        raise TextError(f"{name}, line {error.line} {error}", fmt.hint) from None


def _lines(pieces: Iterator[str], name: str, hint: str) -> Iterator[Line]:
    """The lines that are not empty, and their numbers."""
    for lines in numbered_lines(pieces, name, hint):
        for number, line in lines:
            if line := line.removesuffix("\r"):
                yield number, line


@dataclass(frozen=True)
class ExampleTable:
    """All of N examples but their texts, in the order of their lines.

    `labels` are sorted; `targets` (M,) are the numbers of the targets of all examples, of which
    each begins at a place in `target_starts` (N + 1,); `digests` (N, 2) tell the texts apart.
    """

    labels: list[str]
    targets: NDArray[np.int64]
    target_starts: NDArray[np.int64]
    sources: NDArray[np.int8]
    digests: NDArray[np.uint64]


def read_table(
    joined: JoinedSources, parts: Sequence[str], reader: Reader, fmt: ExampleFormat
) -> ExampleTable:
    """Read the examples of all sources. `parts` names the part that each source is, first training.

    TextError if one has none, if there are too few different targets, or for a target that
    training lacks, unless the format is open.
    """
    numbers: dict[str, int] = {}  # of targets, in the order in which they come
    targets, counts, sources, digests = array("q"), array("q", [0]), array("b"), bytearray()
    for source, where, text, found in examples(joined, reader, fmt):
        for target in found:
            if source and target not in numbers and not fmt.is_open:
                raise TextError(
                    f"{where} has the {fmt.target} {target}, which no training example has",
                    "Correct it, or add training examples with it.",
                )
            targets.append(numbers.setdefault(target, len(numbers)))
        counts.append(len(found))
        sources.append(source)
        digests += hashlib.blake2b(_input_bytes(fmt, text, where), digest_size=16).digest()
    in_source = np.array(sources, np.int8)
    for source, _ in enumerate(parts):
        if not (in_source == source).any():
            raise TextError(f"there is no example in {joined.sources[source].name}", fmt.hint)
    labels = sorted(numbers)
    if len(labels) < fmt.least:
        raise TextError(
            f"all examples have the {fmt.target} {labels[0]}", f"Take two {fmt.target}s or more."
        )
    rank = np.zeros(len(labels), np.int64)
    rank[[numbers[label] for label in labels]] = np.arange(len(labels))
    pairs = np.frombuffer(bytes(digests), ">u8").astype(np.uint64).reshape(-1, 2)
    starts = np.array(counts, np.int64).cumsum()
    return ExampleTable(labels, rank[np.array(targets, np.int64)], starts, in_source, pairs)


def _input_bytes(fmt: ExampleFormat, text: str, where: str) -> bytes:
    try:
        return fmt.input_bytes(text)
    except TextError as error:
        raise TextError(f"{where}: {error.message}", error.hint) from None
