"""Which corpus a word on the command line names: what it is depends on the task."""

from charrnn.events import Emit
from charrnn.settings import TaskName, TextSettings
from charrnn.text.corpus import Corpus
from charrnn.text.example_preparation import resolve_examples
from charrnn.text.preparation import resolve_corpus
from charrnn.text.tokenizers import Tokenizer


def resolve(
    task: TaskName,
    what: str,
    text: TextSettings,
    emit: Emit,
    vocabulary: Tokenizer | None = None,
) -> Corpus:
    """The corpus for a task that `charrnn train WHAT` names, prepared first if necessary.

    Errors as `resolve_corpus` and `resolve_examples`.
    """
    if task == "text":
        return resolve_corpus(what, text, emit, vocabulary=vocabulary)
    return resolve_examples(task, what, text, emit)
