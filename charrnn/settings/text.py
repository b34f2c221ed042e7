"""How a text is read, divided and turned into tokens."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from charrnn.settings.base import ADVANCED
from charrnn.values import check_encoding, picture_size, split_fractions

TokenizerName = Literal["char", "byte", "bpe", "unigram"]
PartName = Literal["train", "valid", "test"]
UnknownName = Literal["error", "skip", "nearest"]
"""What to do with characters that a vocabulary lacks."""


@dataclass(frozen=True)
class TextSettings:
    """Text: how it is read and divided."""

    tokenizer: Annotated[
        TokenizerName, "what one token is: a character, a byte, or a subword of sentencepiece's"
    ] = "char"
    vocab_size: Annotated[
        int, Ge(288), Le(2**16), "tokens in the vocabulary, with --tokenizer bpe or unigram"
    ] = 1024
    min_count: Annotated[
        int, Ge(1), Le(10**9),
        "with --tokenizer char: a character that occurs less often is written as bytes", ADVANCED,
    ] = 1  # fmt: skip
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
        str | None, "the text files are JSON lines, with the text in this field", ADVANCED
    ] = None
    document_per: Annotated[
        str | None, "a document is a line, a file, or what stands between SEPARATORs", ADVANCED
    ] = None
    valid: Annotated[str | None, "with a --task of examples: those for validation, in a file"] = (
        None
    )
    test: Annotated[str | None, "with a --task of examples: those for test, in a file"] = None
    multi_label: Annotated[
        bool, "with --task label: a text may have several labels, separated by commas", ADVANCED
    ] = False
    tag_unit: Annotated[
        Literal["token", "character"], "with --task tag: what each tag belongs to", ADVANCED
    ] = "token"
    target_unit: Annotated[
        Literal["character", "word"],
        "with --task rewrite or caption: what is predicted one by one", ADVANCED,
    ] = "character"  # fmt: skip
    picture_size: Annotated[
        str, "with --task caption: pictures are fitted into HEIGHTxWIDTH pixels", ADVANCED
    ] = "32x128"
    split: Annotated[str, "percent for train/validation/test, or for train/validation"] = "90/5/5"

    def __post_init__(self) -> None:
        split_fractions(self.split)
        check_encoding(self.encoding)
        picture_size(self.picture_size)
