"""How a text is read, divided and turned into tokens."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, get_args

from annotated_types import Ge, Le

from charrnn.settings.base import ADVANCED, AppliesTo, Settings
from charrnn.settings.model import TaskName
from charrnn.values import (
    check_encoding,
    column_names,
    frame_rate,
    picture_size,
    split_fractions,
)

TokenizerName = Literal["char", "byte", "bpe", "unigram", "number"]
PartName = Literal["train", "valid", "test"]
UnknownName = Literal["error", "skip", "nearest"]
"""What to do with characters that a vocabulary lacks."""
InputName = Literal["text", "picture", "frames", "sound"]
FormatName = Literal["tsv", "csv", "jsonl", "conll", "conllu", "fasttext"]
OWN_INPUTS: Mapping[TaskName, InputName] = {"caption": "picture"}
"""What a task reads where `input` is not given; tasks that are not listed read texts."""
STORED = (
    "input", "multi_label", "tag_unit", "target_unit", "picture_size", "frame_rate", "sample_rate",
    "frame_stack",
)  # fmt: skip
"""The settings that say what is stored of examples, in the order that keys of corpora have them."""
_OF_TEXT = AppliesTo(task=("text",))
_EXAMPLES = tuple(task for task in get_args(TaskName) if task != "text")
_OF_EXAMPLES = AppliesTo(task=_EXAMPLES)
_OF_SOUND = AppliesTo(task=_EXAMPLES, input=("sound",))
NUMBER_SETTINGS = ("bins", "column", "series", "season", "difference", "scale")
_OF_NUMBERS = AppliesTo(tokenizer=("number",), task=("text",))


@dataclass(frozen=True)
class TextSettings(Settings):
    """Text: how it is read and divided."""

    tokenizer: Annotated[
        TokenizerName,
        "what one token is: a character, a byte, a subword of sentencepiece's, or a number",
        AppliesTo(input=("text",)),
    ] = "char"  # fmt: skip
    vocab_size: Annotated[
        int, Ge(288), Le(2**16), "tokens in the vocabulary", AppliesTo(tokenizer=("bpe", "unigram"))
    ] = 1024
    min_count: Annotated[
        int, Ge(1), Le(10**9),
        "a character that occurs less often is written as bytes", ADVANCED,
        AppliesTo(tokenizer=("char",), input=("text",)),
    ] = 1  # fmt: skip
    bins: Annotated[
        int, Ge(8), Le(2**15), "numbers are rounded to so many bins, at most", ADVANCED, _OF_NUMBERS
    ] = 256
    column: Annotated[
        str | None, "the column of the numbers in a table, by name or number", _OF_NUMBERS
    ] = None
    series: Annotated[
        str | None, "the column of a table that names the series, by name or number", _OF_NUMBERS
    ] = None
    season: Annotated[
        int | None, Ge(2), Le(10**5), "numbers in a season: 12 for months of a year", _OF_NUMBERS
    ] = None
    difference: Annotated[
        Literal["none", "last", "season", "both"] | None,
        "subtract from a number the one before (last), a season before, both or none of them; "
        "if not given, what leaves the fewest bits",
        ADVANCED, _OF_NUMBERS,
    ] = None  # fmt: skip
    scale: Annotated[
        Literal["linear", "log"] | None,
        "take numbers or their logarithms; if not given, what leaves the fewest bits",
        ADVANCED, _OF_NUMBERS,
    ] = None  # fmt: skip
    encoding: Annotated[str, "encoding of the text files", ADVANCED] = "utf-8"
    errors: Annotated[
        Literal["strict", "replace", "skip"],
        "what to do with bytes that cannot be decoded: stop, write U+FFFD, or leave them out",
        ADVANCED,
    ] = "strict"  # fmt: skip
    newlines: Annotated[
        Literal["keep", "lf"], "line ends: as they are, or all of Unix (LF)", ADVANCED
    ] = "keep"
    include: Annotated[
        str | None, "in folders, read files with such names only: '*.c,*.h'", ADVANCED
    ] = None
    field: Annotated[
        str | None, "the text files are JSON lines, with the text in this field", ADVANCED, _OF_TEXT
    ] = None
    document_per: Annotated[
        str | None, "a document is a line, a file, or what stands between SEPARATORs", ADVANCED,
        _OF_TEXT,
    ] = None  # fmt: skip
    format: Annotated[
        FormatName | None, "format of the files of examples, where it does not show", ADVANCED,
        _OF_EXAMPLES,
    ] = None  # fmt: skip
    columns: Annotated[
        str | None,
        "the two columns that count, such as label,text: by name or number, in the task's order",
        _OF_EXAMPLES,
    ] = None  # fmt: skip
    valid: Annotated[str | None, "examples for validation, in a file", _OF_EXAMPLES] = None
    test: Annotated[str | None, "examples for test, in a file", _OF_EXAMPLES] = None
    input: Annotated[
        InputName | None,
        "what is read: text (of a line), or the file that it names: a picture, frames (a series, a "
        "video) or sound; if not given, picture with caption, else text",
        _OF_EXAMPLES,
    ] = None
    multi_label: Annotated[
        bool, "a text may have several labels, separated by commas", ADVANCED,
        AppliesTo(task=("label",)),
    ] = False  # fmt: skip
    tag_unit: Annotated[
        Literal["token", "character"], "what each tag belongs to", ADVANCED,
        AppliesTo(task=("tag",), input=("text",)),
    ] = "token"  # fmt: skip
    target_unit: Annotated[
        Literal["character", "word"], "what is predicted one by one", ADVANCED,
        AppliesTo(task=("rewrite", "caption")),
    ] = "character"  # fmt: skip
    picture_size: Annotated[
        str, "pictures are scaled and padded to HEIGHTxWIDTH pixels", ADVANCED,
        AppliesTo(task=_EXAMPLES, input=("picture", "frames")),
    ] = "32x128"  # fmt: skip
    frame_rate: Annotated[
        str | None,
        "frames that are read: 10 a second of an animated picture, or 1/5, every fifth of a series",
        ADVANCED, AppliesTo(task=("label", "rewrite", "caption"), input=("frames",)),
    ] = None  # fmt: skip
    sample_rate: Annotated[
        int, Ge(4000), Le(48000), "samples a second that sound is converted to", ADVANCED,
        _OF_SOUND,
    ] = 8000  # fmt: skip
    frame_stack: Annotated[
        int, Ge(1), Le(20), "frames of 10 ms of sound that are read at once", ADVANCED, _OF_SOUND
    ] = 3
    split: Annotated[str, "percent for train/validation/test, or for train/validation"] = "90/5/5"

    def __post_init__(self) -> None:
        split_fractions(self.split)
        check_encoding(self.encoding)
        picture_size(self.picture_size)
        frame_rate(self.frame_rate)
        if self.difference in ("season", "both") and not self.season:
            raise ValueError(f"--difference {self.difference} needs a --season")
        if self.columns is not None:
            column_names(self.columns)

    def record(self) -> dict[str, Any]:
        """As files have them: without what older files lack, where it is a default."""
        later = (
            "input", "format", "columns", "frame_rate", "sample_rate", "frame_stack",
            *NUMBER_SETTINGS,
        )  # fmt: skip
        defaults = {name: getattr(TextSettings, name) for name in later}
        return {n: v for n, v in asdict(self).items() if n not in later or v != defaults[n]}

    @property
    def fractions(self) -> tuple[float, float, float]:
        """The parts of a text for training, validation and test: 0.9, 0.05, 0.05."""
        return split_fractions(self.split)
