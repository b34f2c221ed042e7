"""How examples stand in files: what a line is, for each task that learns from examples."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from charrnn.errors import TextError, UsageError
from charrnn.settings import TaskName, TextSettings
from charrnn.text.pictures import load_input
from charrnn.text.tagged_text import tagged_ids
from charrnn.text.tokenizers import Characters, Ids, Tokenizer
from charrnn.text.tokenizers.base import smallest_type
from charrnn.text.unknown import known_text

Line = tuple[int, str]
"""A line's number, and the line without its end."""


class Found(NamedTuple):
    """What stands in a file: a text, its targets, and the number of the line where it begins."""

    line: int
    text: str
    targets: tuple[str, ...]


class MalformedError(Exception):
    """A line that is not an example: its number and what is wrong with it."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class ExampleFormat(ABC):
    """Examples of a task: a text each, and what is to be predicted of it, its targets."""

    hint: ClassVar[str]
    """What a line is."""
    target: ClassVar[str]
    """What messages call a target."""
    least: ClassVar[int] = 2
    """Different targets that it takes to learn something."""
    is_open: ClassVar[bool] = False
    """Whether validation and test may have targets that training lacks: never predicted."""
    has_text: ClassVar[bool] = True
    """Whether the input is a text, not the name of a picture."""
    input_shape: tuple[int, ...] = ()
    """The shape of a picture, or of features, once one has been read."""

    def __init__(self, settings: TextSettings) -> None:
        """UsageError for a tokenizer that does not fit."""
        self.settings = settings

    @property
    def between(self) -> str:
        """What stands between texts where a vocabulary is learned: subwords do not cross it."""
        return "" if self.settings.tokenizer == "char" else "\n"

    @abstractmethod
    def read(self, lines: Iterator[Line]) -> Iterator[Found]:
        """The examples in the lines of a file that are not empty. Raises MalformedError."""

    def placed(self, text: str, file: str) -> str:  # noqa: ARG002  (of pictures)
        """A text of a file; of pictures, their names."""
        return text

    def input_bytes(self, text: str) -> bytes:
        """What tells inputs apart. TextError if there is none."""
        return text.encode("utf-8", "surrogateescape")

    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Ids, list[int]]:
        """The ids (M,) of texts, one after the other, and how many each has: 1 or more.

        Characters that the vocabulary lacks are left out; a text of which nothing is left is
        token 0.
        """
        if tokenizer.unknown("".join(texts)):
            texts = [known_text(text, tokenizer, "skip")[0] for text in texts]
        if isinstance(tokenizer, Characters) and not tokenizer.rare_as_bytes and all(texts):
            return tokenizer.encode("".join(texts)), [*map(len, texts)]  # 10 times as fast
        nothing = np.zeros(1, smallest_type(tokenizer.size))
        found = [tokenizer.encode(text) if text else nothing for text in texts]
        return np.concatenate(found), [*map(len, found)]


class Labels(ExampleFormat):
    """`label<TAB>text`; with `multi_label` labels separated by commas."""

    hint = "Each line is a label, a tab and a text."
    target = "label"

    def read(self, lines: Iterator[Line]) -> Iterator[Found]:
        for number, line in lines:
            label, tab, text = line.partition("\t")
            _check_columns(number, {"label": label, "text": text}, tab)
            several = (
                {part.strip() for part in label.split(",")}
                if self.settings.multi_label
                else {label}
            )
            if "" in several:
                raise MalformedError(number, "has an empty label")
            yield Found(number, text, tuple(sorted(several)))


class Tags(ExampleFormat):
    """`token<TAB>tag` lines with an empty line after each sentence, as CoNLL's data have it.

    The token is the first column, the tag the last. The text is the tokens with spaces between.
    """

    hint = "Each line is a token, a tab and a tag, and an empty line ends a sentence."
    target = "tag"
    is_open = True

    def __init__(self, settings: TextSettings) -> None:
        super().__init__(settings)
        allowed = ("char", "byte") if settings.tag_unit == "token" else ("char",)
        if settings.tokenizer not in allowed or (settings.min_count > 1 and allowed == ("char",)):
            raise UsageError(
                f"--task tag cannot use --tokenizer {settings.tokenizer}"
                + " with --min-count" * (settings.min_count > 1),
                "Leave it out: a tag belongs to whole characters.",
            )

    @property
    def between(self) -> str:
        return " "

    def read(self, lines: Iterator[Line]) -> Iterator[Found]:
        begin, last = 0, 0
        tokens: list[str] = []
        tags: list[str] = []
        for number, line in lines:
            if tokens and number != last + 1:
                yield Found(begin, " ".join(tokens), tuple(tags))
                tokens, tags = [], []
            columns = line.split("\t") if "\t" in line else line.split(" ")
            _check_columns(number, {"token": columns[0], "tag": columns[-1]}, len(columns) > 1)
            if " " in columns[0]:
                raise MalformedError(number, "has a token with a space in it")
            last = number
            if columns[0] == "-DOCSTART-":  # of CoNLL 2003: a document begins
                last -= 1
                continue
            begin = number if not tokens else begin
            tokens.append(columns[0])
            tags.append(columns[-1])
        if tokens:
            yield Found(begin, " ".join(tokens), tuple(tags))

    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Ids, list[int]]:
        """As that of other formats, but no token is lost: see `tagged_ids`."""
        found = [tagged_ids(tokenizer, text) for text in texts]
        return np.concatenate(found), [*map(len, found)]


class CharacterTags(Tags):
    """`text<TAB>tags`, with one character of tags for each character of the text."""

    hint = "Each line is a text, a tab and one character for each character of the text."

    @property
    def between(self) -> str:
        return ""

    def read(self, lines: Iterator[Line]) -> Iterator[Found]:
        for number, line in lines:
            text, tab, tags = line.rpartition("\t")
            _check_columns(number, {"text": text, "tags": tags}, tab)
            if len(text) != len(tags):
                raise MalformedError(number, f"has {len(text)} characters and {len(tags)} tags")
            yield Found(number, text, tuple(tags))


class Pairs(ExampleFormat):
    """`source<TAB>target`: the target's characters or words are predicted one by one."""

    hint = "Each line is a text, a tab and the text that it becomes."
    target = "symbol"
    columns: ClassVar[tuple[str, str]] = "text", "target"
    """What messages call the columns."""
    least = 1
    is_open = True

    def read(self, lines: Iterator[Line]) -> Iterator[Found]:
        for number, line in lines:
            text, tab, target = line.partition("\t")
            symbols = target if self.settings.target_unit == "character" else target.split()
            _check_columns(number, dict(zip(self.columns, (text, symbols), strict=True)), tab)
            yield Found(number, text, tuple(symbols))


class Pictures(Pairs):
    """`picture<TAB>text`: the name of a PNG, JPEG or .npy file, from the lines' own folder."""

    hint = "Each line is the name of a picture, a tab and its text."
    columns = "name of a picture", "text"
    has_text = False

    def __init__(self, settings: TextSettings) -> None:
        super().__init__(replace(settings, tokenizer="byte"))
        self.input_shape: tuple[int, ...] = ()

    def placed(self, text: str, file: str) -> str:
        return str(Path(file).parent / text)

    def input_bytes(self, text: str) -> bytes:
        found = load_input(text, self.settings.picture_size)
        self.input_shape = self.input_shape or found.shape
        if found.shape != self.input_shape:
            raise TextError(
                f"{text} has the shape {found.shape}, and those before it {self.input_shape}",
                "All inputs must be pictures, or features of one shape.",
            )
        return found.tobytes()

    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Ids, list[int]]:  # noqa: ARG002
        """The bytes of pictures, one after the other, and how many each has."""
        found = [np.frombuffer(self.input_bytes(text), np.uint8) for text in texts]
        return np.concatenate(found), [*map(len, found)]


def _check_columns(number: int, columns: Mapping[str, Sequence[str]], has_tab: object) -> None:
    """Raise MalformedError where the tab or a column is missing."""
    if not has_tab:
        raise MalformedError(number, "has no tab")
    for name, value in columns.items():
        if not value:
            raise MalformedError(number, f"has no {name}")


_FORMATS: dict[TaskName, Callable[[TextSettings], ExampleFormat]] = {
    "label": Labels,
    "tag": lambda settings: (Tags if settings.tag_unit == "token" else CharacterTags)(settings),
    "rewrite": Pairs,
    "caption": Pictures,
}


def example_format(task: TaskName, settings: TextSettings) -> ExampleFormat:
    """How the examples of a task stand in files. UsageError for settings that do not fit."""
    return _FORMATS[task](settings)
