"""How examples stand in files: what a line is, for each task that learns from examples."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from charrnn.errors import TextError, UsageError
from charrnn.settings import TaskName, TextSettings
from charrnn.text.examples import ExampleFormat, Line, MalformedError, Parsed
from charrnn.text.pictures import load_input
from charrnn.text.tokenizers import Characters, Ids, Tokenizer
from charrnn.text.tokenizers.base import smallest_type
from charrnn.text.unknown import known_text, tagged_ids


class TextExamples(ExampleFormat):
    """What formats have in common whose input is a text."""

    least = 2
    is_open = False
    has_text = True

    def __init__(self, settings: TextSettings) -> None:
        """UsageError for a tokenizer that does not fit."""
        self.settings = settings
        self.input_shape = ()

    @property
    def one_target(self) -> bool:
        return False

    @property
    def between(self) -> str:
        return "" if self.settings.tokenizer == "char" else "\n"

    def placed(self, text: str, file: str) -> str:  # noqa: ARG002  (of pictures)
        return text

    def input_bytes(self, text: str) -> bytes:
        return text.encode("utf-8", "surrogateescape")

    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Ids, list[int]]:
        """Leaves out characters that the vocabulary lacks. A text without any other is token 0."""
        if tokenizer.unknown("".join(texts)):
            texts = [known_text(text, tokenizer, "skip")[0] for text in texts]
        if isinstance(tokenizer, Characters) and not tokenizer.rare_as_bytes and all(texts):
            return tokenizer.encode("".join(texts)), [*map(len, texts)]  # 10 times as fast
        nothing = np.zeros(1, smallest_type(tokenizer.size))
        return _joined([tokenizer.encode(text) if text else nothing for text in texts])


class Labels(TextExamples):
    """`label<TAB>text`; with `multi_label` labels separated by commas."""

    task = "label"
    hint = "Each line is a label, a tab and a text."
    target = "label"

    @property
    def one_target(self) -> bool:
        return not self.settings.multi_label

    def read(self, lines: Iterator[Line]) -> Iterator[Parsed]:
        for number, line in lines:
            label, tab, text = line.partition("\t")
            _check_columns(number, {"label": label, "text": text}, tab)
            labels = {label}
            if self.settings.multi_label:
                labels = {part.strip() for part in label.split(",")}
            if "" in labels:
                raise MalformedError(number, "has an empty label")
            yield Parsed(number, text, tuple(sorted(labels)))


class Tags(TextExamples):
    """`token<TAB>tag` lines with an empty line after each sentence, as CoNLL's data have it.

    The token is the first column, the tag the last. The text is the tokens with spaces between.
    """

    task = "tag"
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

    def read(self, lines: Iterator[Line]) -> Iterator[Parsed]:
        begin, last = 0, 0
        tokens: list[str] = []
        tags: list[str] = []
        for number, line in lines:
            if tokens and number != last + 1:
                yield Parsed(begin, " ".join(tokens), tuple(tags))
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
            yield Parsed(begin, " ".join(tokens), tuple(tags))

    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Ids, list[int]]:
        """Loses no token: see `tagged_ids`."""
        return _joined([tagged_ids(tokenizer, text) for text in texts])


class CharacterTags(Tags):
    """`text<TAB>tags`, with one character of tags for each character of the text."""

    hint = "Each line is a text, a tab and one character for each character of the text."

    @property
    def between(self) -> str:
        return ""

    def read(self, lines: Iterator[Line]) -> Iterator[Parsed]:
        for number, line in lines:
            text, tab, tags = line.rpartition("\t")
            _check_columns(number, {"text": text, "tags": tags}, tab)
            if len(text) != len(tags):
                raise MalformedError(number, f"has {len(text)} characters and {len(tags)} tags")
            yield Parsed(number, text, tuple(tags))


class Pairs(TextExamples):
    """`source<TAB>target`: the target's characters or words are predicted one by one."""

    task: TaskName = "rewrite"
    hint = "Each line is a text, a tab and the text that it becomes."
    target = "symbol"
    columns = "text", "target"
    """What messages call the columns."""
    least = 1
    is_open = True

    def read(self, lines: Iterator[Line]) -> Iterator[Parsed]:
        for number, line in lines:
            text, tab, target = line.partition("\t")
            symbols = target if self.settings.target_unit == "character" else target.split()
            _check_columns(number, dict(zip(self.columns, (text, symbols), strict=True)), tab)
            yield Parsed(number, text, tuple(symbols))


class Pictures(Pairs):
    """`picture<TAB>text`: the name of a PNG, JPEG or .npy file, from the lines' own folder."""

    task = "caption"
    hint = "Each line is the name of a picture, a tab and its text."
    columns = "name of a picture", "text"
    has_text = False

    def placed(self, text: str, file: str) -> str:
        return str(Path(file).parent / text)

    def input_bytes(self, text: str) -> bytes:
        array = load_input(text, self.settings.picture_size)
        self.input_shape = self.input_shape or array.shape
        if array.shape != self.input_shape:
            raise TextError(
                f"{text} has the shape {array.shape}, and those before it {self.input_shape}",
                "All inputs must be pictures, or features of one shape.",
            )
        return array.tobytes()

    def encode(self, tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Ids, list[int]]:  # noqa: ARG002
        """The bytes of pictures."""
        return _joined([np.frombuffer(self.input_bytes(text), np.uint8) for text in texts])


def _joined(arrays: Sequence[Ids]) -> tuple[Ids, list[int]]:
    """Arrays one after the other (M,), and their lengths."""
    return np.concatenate(arrays), [*map(len, arrays)]


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


def example_format(task: TaskName, settings: TextSettings) -> ExampleFormat | None:
    """How the examples of a task stand in files; None for a task that learns from a text.

    UsageError for settings that do not fit.
    """
    return _FORMATS[task](settings) if task in _FORMATS else None
