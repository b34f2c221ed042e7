"""Tags in files: of tokens, a line each, or of the characters of a line."""

from collections.abc import Iterator, Sequence
from itertools import chain

from charrnn.tasks.outputs.base import pairs
from charrnn.text.example_columns import OTHERS, Layout, MalformedError, Record
from charrnn.text.example_records import conll_cells
from charrnn.text.examples import Lines, Parsed

_DOCUMENT = "-DOCSTART-"  # of CoNLL 2003: a document begins


def _first_and_last(line: str) -> Sequence[str]:
    columns = conll_cells(line)
    return [columns[0], columns[-1]] if len(columns) > 1 else columns


def _before_and_after_last(line: str) -> Sequence[str]:
    return line.rsplit("\t", 1)


class _TagLines(Lines):
    target = "tag"
    least = 2
    one_target = False


class TokenLines(_TagLines):
    """`token<TAB>tag` lines with a blank line after each sentence, as CoNLL's data have it.

    The token is the first column, the tag the last. The text is the tokens with spaces between.
    """

    hint = f"Each line is a token, a tab and a tag, and a blank line ends a sentence. {OTHERS}"
    layout = Layout(
        ("token", "tag"), 0, _first_and_last, ("conll", "conllu", "jsonl", "csv", "tsv"),
        lists=("tokens", "tags"),
    )  # fmt: skip

    def read(self, records: Iterator[Record]) -> Iterator[Parsed]:
        """The sentences in records, each of which is a token and its tag."""
        for begin, rows in _sentences(records):
            columns = [(token, tag.strip()) for _, token, tag in pairs(rows, self.layout.names)]
            tokens, tags = zip(*columns, strict=True)
            yield Parsed(begin, " ".join(tokens), tags)

    def inputs(self, records: Iterator[Record]) -> Iterator[tuple[int, str]]:
        """The sentences in records that have tokens alone."""
        for begin, rows in _sentences(records):
            yield begin, " ".join(columns[0] for _, columns in rows)


def _sentences(records: Iterator[Record]) -> Iterator[tuple[int, list[Record]]]:
    """The lines where sentences begin, and their tokens. Raises MalformedError."""
    rows: list[Record] = []
    for line, columns in chain(records, [(0, ())]):
        if columns and columns[0] != _DOCUMENT:
            token = columns[0]
            if " " in token or "\t" in token or "\n" in token:
                raise MalformedError(line, "has a token with a space in it")
            rows.append((line, columns))
        elif rows:
            yield rows[0][0], rows
            rows = []


class StepLines(_TagLines):
    """`name<TAB>tag tag tag`, with one tag for each frame of a file of that name."""

    def __init__(self, name: str, described: str) -> None:
        self.layout = Layout((name, "tags"), 0, _before_and_after_last)
        self.hint = f"Each line is {described}, a tab and a tag for each frame. {OTHERS}"

    def read(self, records: Iterator[Record]) -> Iterator[Parsed]:
        """The names in records with their tags."""
        for line, name, tags in pairs(records, self.layout.names):
            yield Parsed(line, name, tuple(tags.split()))


class CharacterLines(_TagLines):
    """`text<TAB>tags`, with one character of tags for each character of the text."""

    hint = f"Each line is a text, a tab and one character for each character of the text. {OTHERS}"
    layout = Layout(("text", "tags"), 0, _before_and_after_last)

    def read(self, records: Iterator[Record]) -> Iterator[Parsed]:
        """The texts in records with their tags."""
        for line, text, tags in pairs(records, self.layout.names):
            size = len(text)
            tags = tags[:size] + tags[size:].rstrip()  # noqa: PLW2901  (without a space at the end)
            if size != len(tags):
                raise MalformedError(line, f"has {size} characters and {len(tags)} tags")
            yield Parsed(line, text, tuple(tags))
