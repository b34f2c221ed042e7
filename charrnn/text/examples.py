"""Examples in files: a text or a picture each, and the targets that are predicted of it."""

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError, located
from charrnn.events import Emit
from charrnn.settings import TaskName, TextSettings
from charrnn.text.corpus import Corpus
from charrnn.text.decoding import numbered_lines
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.source import JoinedSources, read_text
from charrnn.text.tokenizers import Ids, Tokenizer
from charrnn.text.tokenizers.byte import is_utf8

Line = tuple[int, str]
"""A line's number, and the line without its end."""


class Parsed(NamedTuple):
    """A text and its targets as a file has them, and the number of the line where they begin."""

    line: int
    text: str
    targets: tuple[str, ...]


class MalformedError(Exception):
    """A line that is not an example: its number and what is wrong with it."""

    def __init__(self, line: int, wrong: str) -> None:
        super().__init__(wrong)
        self.line = line


class Items(Protocol):
    """How the inputs of examples are stored, each of which a text in a line stands for."""

    settings: TextSettings
    input_shape: tuple[int, ...]
    """The shape of an input that is not a text, once one has been read."""

    @property
    def has_text(self) -> bool:
        """Whether the input is that text, not a file of that name."""
        ...

    @property
    def between(self) -> str:
        """What stands between texts where a vocabulary is learned: subwords do not cross it."""
        ...

    def placed(self, text: str, file: str) -> str:
        """The text in a line of a file; where it is a name, from the file's own folder."""
        ...

    def input_bytes(self, text: str) -> bytes:
        """Bytes that tell inputs apart. TextError if an input cannot be read."""
        ...

    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Ids, list[int]]:
        """The ids (M,) of texts, one after the other, and how many each has: 1 or more."""
        ...


class Lines(Protocol):
    """How examples stand in the lines of a file."""

    hint: str
    """What a line is."""
    target: str
    """What messages call a target."""
    least: int
    """Different targets that it takes to learn something."""
    one_target: bool
    """Whether each example has exactly one target."""

    def read(self, lines: Iterator[Line]) -> Iterator[Parsed]:
        """The examples in the lines of a file that are not empty. Raises MalformedError."""
        ...


class ExampleFormat(NamedTuple):
    """A task's examples: how their inputs are stored, and how they stand in lines."""

    task: TaskName
    items: Items
    lines: Lines

    @property
    def settings(self) -> TextSettings:
        """The settings that texts are read with."""
        return self.items.settings


class Example(NamedTuple):
    """A text with its targets, the index of its source, and where it stands: file and line."""

    source: int
    where: str
    text: str
    targets: tuple[str, ...]
    line: int


@dataclass
class ExampleSources:
    """Files of examples in a format. `parts` names the part that each source is, first training."""

    joined: JoinedSources
    parts: list[str]
    fmt: ExampleFormat

    def examples(self) -> Iterator[Example]:
        """The examples of all sources, in the order of their lines.

        A line ends with LF or CRLF. TextError names a line that is not an example.
        """
        for source, name, pieces in self.joined.texts():
            yield from _examples(pieces, source, name, self.fmt)


def examples_in(source: str, fmt: ExampleFormat, emit: Emit, raw: bool) -> Iterator[Example]:
    """The examples in a file, or stdin for `-`. TextError for a line that is not one, or for none.

    `raw`: bytes that are not text pass, for a tokenizer of bytes.
    """
    name = "stdin" if source == "-" else source
    example = None
    for example in _examples(read_text(source, fmt.settings, emit, raw), 0, name, fmt):
        yield example
    if example is None:
        raise TextError(f"there is no example in {name}", fmt.lines.hint)


def _examples(
    pieces: Iterator[str], source: int, name: str, fmt: ExampleFormat
) -> Iterator[Example]:
    numbered = chain.from_iterable(numbered_lines(pieces, name, fmt.lines.hint))
    without_ends = ((number, line.removesuffix("\r")) for number, line in numbered)
    try:
        for line, text, targets in fmt.lines.read(each for each in without_ends if each[1]):
            where = f"{name}, line {line}"
            if not is_utf8("".join(targets)):
                raise TextError(
                    f"{where} has a {fmt.lines.target} that is not UTF-8", "Write it in UTF-8."
                )
            yield Example(source, where, fmt.items.placed(text, name), targets, line)
    except MalformedError as error:
        raise TextError(f"{name}, line {error.line} {error}", fmt.lines.hint) from None


@dataclass(frozen=True)
class ExampleTable:
    """All of N examples but their texts, in the order of their lines.

    `vocabulary` is sorted; `targets` (M,) are indices of it, and those of each example begin at
    `target_starts` (N + 1,). `sources` (N,) are indices. `digests` (N,) of 16 bytes tell the texts
    apart.
    """

    vocabulary: list[str]
    targets: NDArray[np.int64]
    target_starts: NDArray[np.int64]
    sources: NDArray[np.int8]
    digests: NDArray[np.bytes_]


def read_table(examples: ExampleSources) -> ExampleTable:
    """Read the examples of all sources.

    TextError if a source has none, or if there are too few different targets.
    """
    fmt = examples.fmt
    seen: dict[str, int] = {}  # targets in the order in which they come
    targets, lengths, sources, digests = array("q"), array("q", [0]), array("b"), bytearray()
    for source, where, text, of_example, _ in examples.examples():
        for target in of_example:
            targets.append(seen.setdefault(target, len(seen)))
        lengths.append(len(of_example))
        sources.append(source)
        with located(where):
            data = fmt.items.input_bytes(text)
        digests += hashlib.blake2b(data, digest_size=16).digest()
    for source, listed in enumerate(examples.joined.sources):
        if source not in sources:
            raise TextError(f"there is no example in {listed.name}", fmt.lines.hint)
    vocabulary = sorted(seen)
    if len(vocabulary) < fmt.lines.least:
        raise TextError(
            f"all examples have the {fmt.lines.target} {vocabulary[0]}",
            f"Take two {fmt.lines.target}s or more.",
        )
    rank = np.zeros(len(vocabulary), np.int64)
    rank[[seen[target] for target in vocabulary]] = np.arange(len(vocabulary))
    return ExampleTable(
        vocabulary,
        rank[np.array(targets, np.int64)],
        np.array(lengths, np.int64).cumsum(),
        np.array(sources, np.int8),
        np.frombuffer(bytes(digests), "S16"),
    )


def checked_examples(corpus: Corpus, fmt: ExampleFormat) -> ExampleCorpus:
    """The same corpus. TextError if its examples are not of the format, as its corpus.json says."""
    if (
        not isinstance(corpus, ExampleCorpus)
        or corpus.task != fmt.task
        or bool(corpus.input_shape) == fmt.items.has_text
        or len(corpus.target_vocabulary) < fmt.lines.least
        or (fmt.lines.one_target and len(corpus.targets) != len(corpus.starts) - 1)
    ):
        raise TextError(
            f"{corpus.folder} is not a corpus for --task {fmt.task}",
            "Delete it and prepare the examples again.",
        )
    return corpus
