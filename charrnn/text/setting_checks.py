"""Errors for settings of a text that its prepared corpus does not have."""

import codecs
from dataclasses import fields

from charrnn.errors import UsageError
from charrnn.settings import TextSettings, flag
from charrnn.text.corpus import Corpus


def check_same(name: str, corpus: Corpus, text: TextSettings) -> None:
    """Raise UsageError if a given setting is not what the corpus of that name was prepared with."""
    for field in fields(TextSettings):
        prepared, asked = getattr(corpus.text, field.name), getattr(text, field.name)
        if field.name == "encoding":
            prepared, asked = codecs.lookup(prepared).name, codecs.lookup(asked).name
        if field.name == "split" or field.name not in text.given or prepared == asked:
            continue
        option = flag(field.name)
        how = f"without {option}" if prepared is None else f"with {option} {prepared}"
        again = f"prepare the text again: charrnn prepare TEXT {option} {asked}."
        if corpus.target_vocabulary:
            again = "name the file that it was made of."
        raise UsageError(f"{name} is prepared {how}", f"Leave {option} out, or {again}")
