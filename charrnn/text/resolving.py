"""Which corpus a word on the command line names: what it is depends on the task."""

from collections.abc import Mapping
from typing import Any

from charrnn.events import Emit
from charrnn.settings import TaskName, TextSettings
from charrnn.text.corpus import Corpus
from charrnn.text.example_preparation import resolve_examples
from charrnn.text.preparation import resolve_corpus
from charrnn.text.setting_checks import check_not_of_examples
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

    Errors as `resolve_corpus` and `resolve_examples`.
    """
    if task == "text":
        check_not_of_examples(given)
        return resolve_corpus(what, text, given, emit, vocabulary=vocabulary)
    return resolve_examples(task, what, text, given, emit)
