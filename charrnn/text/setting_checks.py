"""Errors for settings of a text that have no effect, or that its prepared corpus does not have."""

import codecs
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from charrnn.errors import UsageError
from charrnn.settings import TaskName, TextSettings, flag
from charrnn.text.corpus import Corpus

SETTINGS_OF_EXAMPLES: dict[str, tuple[TaskName, ...]] = {
    "multi_label": ("label",),
    "tag_unit": ("tag",),
    "target_unit": ("rewrite", "caption"),
    "picture_size": ("caption",),
}
"""The tasks that have a use for a setting."""
TOKENIZERS_WITH = {"vocab_size": ("bpe", "unigram"), "min_count": ("char",)}


def check_text_settings(
    settings: TextSettings, given: Mapping[str, Any], sources: Sequence[str | Path]
) -> None:
    """Raise UsageError if a given setting has no effect on these sources."""
    for name, tokenizers in TOKENIZERS_WITH.items():
        if given.get(name) is not None and settings.tokenizer not in tokenizers:
            raise UsageError(
                f"{flag(name)} has no effect with --tokenizer {settings.tokenizer}",
                f"Leave it out, or choose --tokenizer {' or '.join(tokenizers)}.",
            )
    if given.get("include") is not None and not any(map(os.path.isdir, sources)):
        raise UsageError(
            "--include has no effect: none of the texts is a folder",
            "Leave it out, or name a folder.",
        )


def check_not_of_examples(given: Mapping[str, Any]) -> None:
    """Raise UsageError for a setting of examples where a text is to be prepared."""
    for name in ("valid", "test"):
        if given.get(name):
            raise UsageError(
                f"{flag(name)} has no effect: a text is divided by --split",
                f"Leave {flag(name)} out, or train with --task label.",
            )
    for name, tasks in SETTINGS_OF_EXAMPLES.items():
        if given.get(name):
            raise UsageError(
                f"{flag(name)} has no effect on a text",
                f"Leave it out, or train with --task {' or '.join(tasks)}.",
            )


def check_same(what: str, corpus: Corpus, text: TextSettings, given: Mapping[str, Any]) -> None:
    """Raise UsageError if a given setting is not what the corpus was prepared with."""
    for name in [field.name for field in fields(TextSettings) if field.name != "split"]:
        has, wants = getattr(corpus.text, name), getattr(text, name)
        if name == "encoding":
            has, wants = codecs.lookup(has).name, codecs.lookup(wants).name
        if name in given and has != wants:
            made = f"without {flag(name)}" if has is None else f"with {flag(name)} {has}"
            again = f"prepare the text again: charrnn prepare TEXT {flag(name)} {wants}"
            if corpus.task != "text":
                again = "name the file that it was made of."
            raise UsageError(f"{what} is prepared {made}", f"Leave {flag(name)} out, or {again}")
