"""What becomes of the characters of a text that a vocabulary has no tokens for."""

import unicodedata
from collections.abc import Iterator

from charrnn.settings import UnknownName
from charrnn.text.tokenizers import END, Tokenizer
from charrnn.text.tokenizers.byte_fallback import unknown_error

_PLAIN = {
    "'": "‘’‚‛′`´ʼ",  # noqa: RUF001
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−",  # noqa: RUF001
    "\n": f"\r\x0b\x0c\x85\u2028\u2029{END}",
    " ": "\t",
}
_PLAIN_OF = {mark: plain for plain, marks in _PLAIN.items() for mark in marks}


def known_text(text: str, tokenizer: Tokenizer, how: UnknownName) -> tuple[str, int]:
    """The text that the tokenizer can encode, and how many characters were left out or replaced.

    TextError with `how="error"`.
    """
    unknown = tokenizer.unknown(text)
    if not unknown:
        return text, 0
    if how == "error":
        raise unknown_error(text, unknown)
    left_out = text.translate(dict.fromkeys(map(ord, unknown), ""))
    count = len(text) - len(left_out)
    if how == "skip":
        return left_out, count
    replacements = {ord(character): _nearest(character, tokenizer) for character in unknown}
    return text.translate(replacements), count


def _nearest(character: str, tokenizer: Tokenizer) -> str:
    """What the tokenizer can encode of the forms of a character; nothing if that is none."""
    for form in _forms(character):
        if form and not tokenizer.unknown(form):
            return form
    return ""


def _forms(character: str) -> Iterator[str]:
    """Other ways to write a character, the most similar first."""
    yield unicodedata.normalize("NFD", character)
    bare = "".join(
        part
        for part in unicodedata.normalize("NFKD", _PLAIN_OF.get(character, character))
        if not unicodedata.combining(part)
    )
    for form in (bare, "".join(_PLAIN_OF.get(part, part) for part in bare)):
        yield form
        yield form.swapcase()
