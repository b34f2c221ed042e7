"""charrnn eval of a run whose task has examples: how well their targets are predicted."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from charrnn.errors import TextError, UsageError
from charrnn.settings import PartName, UnknownName, flag

if TYPE_CHECKING:
    from charrnn.inference.task_model import Decoding, TaskModel, TaskScore
    from charrnn.storage.checkpoint import Checkpoint
    from charrnn.text.example_formats import ExampleFormat

_MOST_NAMED = 20  # labels in a message


def evaluate_examples(
    checkpoint: "Checkpoint",
    file: str | None,
    part: PartName | None,
    encoding: str | None,
    unknown: UnknownName | None,
    decoding: "Decoding",
    json: bool,
    others: Mapping[str, Any],
) -> None:
    """Score a run on a part of its examples, or on those in a file.

    UsageError if one of the `others`, flags for texts that go on, is given; TextError for a label
    that the run does not have.
    """
    for name, value in others.items():
        if value not in (None, False):
            raise UsageError(
                f"{flag(name)} is for models of text, and run {checkpoint.run} was trained with "
                f"--task {checkpoint.model.task}",
                f"Leave {flag(name)} out.",
            )
    from charrnn.display.task_scores import show_task_score
    from charrnn.inference.models import MODELS

    model = MODELS[checkpoint.model.task](checkpoint)
    if file is None:
        score, about = _part(model, part, decoding)
    else:
        score, about = _file(model, file, encoding, unknown or "skip", decoding)
    about |= {"run": checkpoint.run, "step": checkpoint.step}
    show_task_score(score, checkpoint.labels, about, json)


def _part(
    model: "TaskModel", part: PartName | None, decoding: "Decoding"
) -> "tuple[TaskScore, dict[str, Any]]":
    """The score on a part: the one named, else test, or valid where there is no test."""
    from charrnn.storage.checkpoint import corpus_of
    from charrnn.text.example_corpus import ExampleCorpus

    run = model.checkpoint.run
    corpus = corpus_of(model.checkpoint, f"score it on a file: charrnn eval {run} FILE")
    assert isinstance(corpus, ExampleCorpus)
    chosen: PartName = part or ("test" if corpus.examples("test") else "valid")
    examples = corpus.examples(chosen)
    if not examples:
        raise TextError(f"the {chosen} part has no examples", "Score another --part, or a file.")
    inputs = [corpus.ids(number) for number in examples]
    targets = [corpus.targets_of(number) for number in examples]
    return model.score(inputs, targets, decoding), {"part": chosen}


def _file(
    model: "TaskModel",
    file: str,
    encoding: str | None,
    unknown: UnknownName,
    decoding: "Decoding",
) -> "tuple[TaskScore, dict[str, Any]]":
    from dataclasses import replace

    import numpy as np

    from charrnn.inference.task_model import UNKNOWN
    from charrnn.text.example_formats import example_format
    from charrnn.text.example_lines import examples_in

    checkpoint = model.checkpoint
    settings = replace(checkpoint.text, encoding=encoding or checkpoint.text.encoding)
    fmt = example_format(checkpoint.model.task, settings)
    numbers = {label: number for number, label in enumerate(checkpoint.labels)}
    inputs, targets = [], []
    for example in examples_in(file, fmt, lambda _: None, checkpoint.tokenizer.raw):
        for target in example.targets:
            if target not in numbers and not fmt.is_open:
                raise _unknown_target(example.where, target, fmt, checkpoint)
        inputs.append(model.input_of(example.text, unknown))
        found = [numbers.get(target, UNKNOWN) for target in example.targets]
        targets.append(np.array(found, np.int64))
    score = model.score(inputs, targets, decoding)
    return score, {"text": "stdin" if file == "-" else file}


def _unknown_target(
    where: str, target: str, fmt: "ExampleFormat", checkpoint: "Checkpoint"
) -> TextError:
    return TextError(
        f"{where} has the {fmt.target} {target}, which run {checkpoint.run} does not know",
        f"Its {fmt.target}s: {', '.join(checkpoint.labels[:_MOST_NAMED])}.",
    )
