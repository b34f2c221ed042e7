"""Texts with characters that a vocabulary lacks; and texts whose tokens or characters have tags."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import plural
from charrnn.settings import UnknownName
from charrnn.text.tokenizers import END, Ids, Tokenizer

_PLAIN = {
    "'": "‘’‚‛′`´ʼ",  # noqa: RUF001
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−",  # noqa: RUF001
    "\n": f"\r\x0b\x0c\x85\u2028\u2029{END}",
    " ": "\t",
}
PLAIN_OF = {mark: plain for plain, marks in _PLAIN.items() for mark in marks}
"""The plain form of each mark that has one."""
_LISTED = 20  # characters of a notice


class Unknown(NamedTuple):
    """Characters that a vocabulary lacks, each as often as it was left out or replaced."""

    left_out: Counter[str]
    replaced: Counter[str]

    @classmethod
    def none(cls) -> Self:
        """None yet."""
        return cls(Counter(), Counter())

    def add(self, others: "Unknown") -> None:
        """Count those of another text, too."""
        for characters, more in zip(self, others, strict=True):
            characters.update(more)

    def sentences(self, how: UnknownName) -> str:
        """What became of them, and how to keep more of them; nothing if there are none."""
        done = {"Left out": self.left_out, "Replaced": self.replaced}
        told = [
            f"{what} {plural(characters.total(), 'character')} that the vocabulary lacks: "
            f"{_listed(characters)}."
            for what, characters in done.items()
            if characters
        ]
        if self.left_out and how == "skip":
            told.append("--unknown nearest takes similar ones, where it can.")
        return " ".join(told)


def _listed(characters: Counter[str]) -> str:
    """The most frequent of them; bytes that are no text by their numbers."""
    shown = [
        f"byte 0x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else repr(c)
        for c, _ in characters.most_common(_LISTED)
    ]
    return ", ".join(shown) + ", ..." * (len(characters) > _LISTED)


def known_text(text: str, tokenizer: Tokenizer, how: UnknownName) -> tuple[str, Unknown]:
    """The text that the tokenizer can encode, and the characters that it cannot.

    TextError with `how="error"`.
    """
    lacking = Unknown.none()
    unknown = tokenizer.unknown(text)
    if not unknown:
        return text, lacking
    if how == "error":
        raise tokenizer.unknown_error(text)
    forms = {ord(c): _nearest(c, tokenizer) if how == "nearest" else "" for c in unknown}
    for character in unknown:
        form = forms[ord(character)]
        (lacking.replaced if form else lacking.left_out)[character] = text.count(character)
    return text.translate(forms), lacking


def _nearest(character: str, tokenizer: Tokenizer) -> str:
    """The first form of a character that the tokenizer can encode; nothing if there is none."""
    forms = filter(None, _forms(character))
    return next((form for form in forms if not tokenizer.unknown(form)), "")


def _forms(character: str) -> Iterator[str]:
    """Other ways to write a character, the most similar first."""
    yield unicodedata.normalize("NFD", character)
    bare = "".join(
        part
        for part in unicodedata.normalize("NFKD", PLAIN_OF.get(character, character))
        if not unicodedata.combining(part)
    )
    for form in (bare, "".join(PLAIN_OF.get(part, part) for part in bare)):
        yield form
        yield form.swapcase()


def tagged_ids(tokenizer: Tokenizer, text: str) -> Ids:
    """The ids of a text whose tokens or characters have tags: none is lost.

    A character that the vocabulary lacks becomes the nearest that it has, or any but a space.
    """
    if unknown := tokenizer.unknown(text):
        other = stand_in(tokenizer)
        nearest = {ord(character): _nearest(character, tokenizer) for character in unknown}
        text = text.translate(
            {c: near if len(near) == 1 and near != " " else other for c, near in nearest.items()}
        )
    return tokenizer.encode(text)


def stand_in(tokenizer: Tokenizer) -> str:
    """What stands for a character that must not be lost, where none is similar."""
    return next((s for s in tokenizer.symbols if s != " " and len(s) == 1), " ")


def space_of(tokenizer: Tokenizer) -> int:
    """The id that stands between tokens."""
    return int(tokenizer.encode(" ")[0])


def spans_of_tokens(
    ids: NDArray[np.integer], space: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last index (S,) of each token in ids (T,), which have a space between.

    Without a space each id is a token.
    """
    if space is None:
        indices = np.arange(len(ids))
        return indices, indices
    spaces = np.flatnonzero(ids == space)
    return np.append(0, spaces + 1), np.append(spaces - 1, len(ids) - 1)
