"""Examples in files: a text or a picture each, and the targets that are predicted of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import TextError
from charrnn.events import Emit, Noticed
from charrnn.settings import TaskName, TextSettings
from charrnn.text.corpus import Corpus
from charrnn.text.decoding import numbered_lines
from charrnn.text.example_columns import Layout, Line, MalformedError, Record, Selection
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.example_formats import read_records
from charrnn.text.source import JoinedSources, read_text
from charrnn.text.source_files import shown_name
from charrnn.text.tokenizers import Ids, Tokenizer
from charrnn.text.tokenizers.byte import is_utf8


class Parsed(NamedTuple):
    """A text and its targets as a file has them, and the number of the line where they begin."""

    line: int
    text: str
    targets: tuple[str, ...]


class Items(Protocol):
    """How the inputs of examples are stored, each of which a text in a line stands for."""

    settings: TextSettings
    input_shape: tuple[int, ...]
    """The shape of an input that is not a text, once one has been read."""
    input_scale: tuple[tuple[float, float], ...]
    """The mean and the standard deviation of its features, once they are known."""

    @property
    def has_text(self) -> bool:
        """Whether the input is that text, not a file of that name."""
        ...

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether inputs may have that shape; () is that of texts."""
        ...

    def learn(self, texts: Iterable[str]) -> Tokenizer:
        """The tokenizer that inputs are stored with, from those of training."""
        ...

    def check_targets(self, size: int, targets: int) -> None:
        """TextError where a stored input of that size cannot have so many targets."""
        ...

    def measured(self, sizes: NDArray[np.int64]) -> str:
        """How long stored inputs of these sizes (N,) are, in words; nothing where all are equal."""
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
    """How examples stand in a file."""

    layout: Layout
    """Their columns."""
    hint: str
    """What a line is."""
    target: str
    """What messages call a target."""
    least: int
    """Different targets that it takes to learn something."""
    one_target: bool
    """Whether each example has exactly one target."""

    def read(self, records: Iterator[Record]) -> Iterator[Parsed]:
        """The examples in the records of a file. Raises MalformedError."""
        ...

    def inputs(self, records: Iterator[Record]) -> Iterator[tuple[int, str]]:
        """The line and the text of each example, in records that have the input alone."""
        return ((line, columns[0]) for line, columns in records if columns)


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
    noticed: set[str] = field(default_factory=set)

    def examples(self) -> Iterator[Example]:
        """The examples of all sources, in the order of their lines.

        A line ends with LF or CRLF. TextError names a line that is not an example.
        """
        for source, name, pieces in self.joined.texts():
            yield from _examples(pieces, source, name, self.fmt, self._notice)

    def _notice(self, message: str) -> None:
        """Say something of a file once, however often that is read."""
        if message not in self.noticed:
            self.noticed.add(message)
            self.joined.emit(Noticed(message))


def examples_in(source: str, fmt: ExampleFormat, emit: Emit, raw: bool) -> Iterator[Example]:
    """The examples in a file, or stdin for `-`. TextError for a line that is not one, or for none.

    `raw`: bytes that are not text pass, for a tokenizer of bytes.
    """
    name = shown_name(source)
    example = None
    pieces = read_text(source, fmt.settings, lambda _: None, raw)  # its CRLFs end lines alone
    for example in _examples(pieces, 0, name, fmt, lambda message: emit(Noticed(message))):
        yield example
    if example is None:
        raise TextError(f"there is no example in {name}", fmt.lines.hint)


def _examples(
    pieces: Iterator[str],
    source: int,
    name: str,
    fmt: ExampleFormat,
    notice: Callable[[str], None],
) -> Iterator[Example]:
    lines, selection = fmt.lines, Selection(name, fmt.lines.layout, fmt.settings, notice)
    numbered = chain.from_iterable(numbered_lines(pieces, name, lines.hint))
    without_ends = ((number, line.removesuffix("\r")) for number, line in numbered)
    records = read_records(without_ends, selection)
    with _malformed(name, fmt):
        for line, text, targets in lines.read(records):
            where = f"{name}, line {line}"
            written = "".join(targets)
            if not is_utf8(written):
                wrong, hint = "that is not UTF-8", "Write it in UTF-8."
                raise TextError(f"{where} has a {lines.target} {wrong}", hint)
            if "\n" in written and lines.least > 1:
                raise TextError(f"{where} has a {lines.target} of several lines", "Shorten it.")
            yield Example(source, where, fmt.items.placed(text, name), targets, line)


def inputs_in(
    lines: Iterator[Line], name: str, fmt: ExampleFormat, notice: Callable[[str], None]
) -> Iterator[tuple[int, str]]:
    """The inputs of examples in lines, of which their targets may be missing. TextError."""
    selection = Selection(name, fmt.lines.layout, fmt.settings, notice, inputs_only=True)
    with _malformed(name, fmt):
        yield from fmt.lines.inputs(read_records(lines, selection))


@contextmanager
def _malformed(name: str, fmt: ExampleFormat) -> Iterator[None]:
    """A line of a file that is malformed becomes a TextError."""
    try:
        yield
    except MalformedError as error:
        raise TextError(
            f"{name}, line {error.line} {error}", error.hint or fmt.lines.hint
        ) from None


def checked_examples(corpus: Corpus, fmt: ExampleFormat) -> ExampleCorpus:
    """The same corpus. TextError if its examples are not of the format, as its corpus.json says."""
    if (
        not isinstance(corpus, ExampleCorpus)
        or corpus.task != fmt.task
        or not fmt.items.fits(corpus.input_shape)
        or len(corpus.target_vocabulary) < fmt.lines.least
        or (fmt.lines.one_target and len(corpus.targets) != len(corpus.starts) - 1)
    ):
        raise TextError(
            f"{corpus.folder} is not a corpus for --task {fmt.task}",
            "Delete it and prepare the examples again.",
        )
    return corpus
