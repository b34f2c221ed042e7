"""Which corpus a word on the command line names: what it is depends on the task."""

from collections.abc import Mapping
from typing import Any

from charrnn.errors import UsageError
from charrnn.events import Emit
from charrnn.settings import TaskName, TextSettings, flag
from charrnn.text.corpus import Corpus
from charrnn.text.labelled_preparation import resolve_labelled
from charrnn.text.preparation import resolve_corpus
from charrnn.text.tokenizers import Tokenizer


def resolve(
    task: TaskName,
    what: str,
    text: TextSettings,
    given: Mapping[str, Any],
    emit: Emit,
    vocabulary: Tokenizer | None = None,
) -> Corpus:
    """The corpus for a task that `charrnn train WHAT` names, prepared first if necessary.

    Errors as `resolve_corpus` and `resolve_labelled`.
    """
    if task == "label":
        return resolve_labelled(what, text, given, emit, text.valid, text.test)
    for name in ("valid", "test"):
        if given.get(name):
            raise UsageError(
                f"{flag(name)} has no effect: a text is divided by --split",
                f"Leave {flag(name)} out, or add --task label.",
            )
    return resolve_corpus(what, text, given, emit, vocabulary=vocabulary)
