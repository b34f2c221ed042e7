"""Examples that a model is scored on: those in a file, or of a part of its corpus."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from charrnn.errors import located
from charrnn.events import Emit, Noticed
from charrnn.settings import PartName, UnknownName
from charrnn.tasks.example_task import ExampleTask
from charrnn.tasks.examples import Ids
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.example_notices import header_doubt
from charrnn.text.examples import ExampleFormat, examples_in


class ScoredExamples(NamedTuple):
    """N examples: texts, what is read of them, and their targets, as indices of `names`.

    `names` are those of the target vocabulary, and then those that it lacks. `numbers`: the lines
    of a file that they begin in, or their positions in a part, from 1.
    """

    numbers: Sequence[int]
    texts: Sequence[str]
    items: Sequence[Ids]
    targets: Sequence[Ids]
    names: Sequence[str]


def examples_of_file(
    task: ExampleTask, file: str, fmt: ExampleFormat, unknown: UnknownName, emit: Emit
) -> ScoredExamples:
    """The examples in a file, or in stdin for `-`. TextError for a line that is not one.

    That its first line looks like a header is emitted.
    """
    indices = {name: index for index, name in enumerate(task.output.names)}
    examples = [*examples_in(file, fmt, emit, task.subject.tokenizer.raw)]
    lacking = [one for one in examples if not {*one.targets} <= indices.keys()]
    is_odd = fmt.lines.one_target and lacking == examples[:1]
    for doubt in header_doubt(examples[0], fmt, is_odd):
        emit(Noticed(doubt))
    targets = [
        np.array([indices.setdefault(target, len(indices)) for target in one.targets], np.int64)
        for one in examples
    ]
    texts = [one.text for one in examples]
    items: list[Ids] = []
    for one in examples:
        with located(one.where):
            items.append(task.read(one.text, unknown))
            task.input.check_targets(len(items[-1]), len(one.targets))
    return ScoredExamples([one.line for one in examples], texts, items, targets, [*indices])


def examples_of_part(task: ExampleTask, corpus: ExampleCorpus, part: PartName) -> ScoredExamples:
    """The examples of a part of a corpus. TextError if one is damaged."""
    examples = corpus.examples(part)

    def shown(index: int) -> str:
        return task.shown(corpus, index)

    texts, items = _Stored(shown, examples), _Stored(corpus.ids, examples)
    targets = _Stored(corpus.targets_of, examples)
    return ScoredExamples(range(1, len(items) + 1), texts, items, targets, task.output.names)


class _Stored(Sequence[Any]):
    """Something of each of the examples of a corpus, read when it is asked for."""

    def __init__(self, get: Callable[[int], Any], examples: range) -> None:
        self._get, self._examples = get, examples

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, where: Any) -> Any:
        chosen = self._examples[where]
        return _Stored(self._get, chosen) if isinstance(chosen, range) else self._get(chosen)
