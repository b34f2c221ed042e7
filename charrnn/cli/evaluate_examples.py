"""charrnn eval of a run whose task has examples: how well their targets are predicted."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from charrnn.errors import TextError
from charrnn.settings import PartName, UnknownName, no_effect

if TYPE_CHECKING:
    from charrnn.inference.task_model import Decoding, TaskModel, TaskScore
    from charrnn.storage.checkpoint import Checkpoint
    from charrnn.text.examples import ExampleFormat

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
            raise no_effect(name, f"--task {checkpoint.model.task}", "name a language model")
    from charrnn.display.task_scores import show_task_score
    from charrnn.inference.models import MODELS, score_part

    about: dict[str, Any]
    if file is None:
        score, chosen = score_part(checkpoint, part, decoding)
        about = {"part": chosen}
    else:
        model = MODELS[checkpoint.model.task](checkpoint)
        score = _score_file(model, file, encoding, unknown or "skip", decoding)
        about = {"text": "stdin" if file == "-" else file}
    about |= {"run": checkpoint.run, "step": checkpoint.step}
    show_task_score(score, checkpoint.labels, about, json)


def _score_file(
    model: "TaskModel",
    file: str,
    encoding: str | None,
    unknown: UnknownName,
    decoding: "Decoding",
) -> "TaskScore":
    from dataclasses import replace

    import numpy as np

    from charrnn.inference.task_model import UNKNOWN
    from charrnn.tasks import example_format
    from charrnn.text.examples import examples_in

    checkpoint = model.checkpoint
    settings = replace(checkpoint.text, encoding=encoding or checkpoint.text.encoding)
    fmt = example_format(checkpoint.model.task, settings)
    assert fmt  # a task with examples
    numbers = {label: number for number, label in enumerate(checkpoint.labels)}
    inputs, targets = [], []
    for example in examples_in(file, fmt, lambda _: None, checkpoint.tokenizer.raw):
        for target in example.targets:
            if target not in numbers and not fmt.is_open:
                raise _unknown_target(example.where, target, fmt, checkpoint)
        inputs.append(model.input_of(example.text, unknown))
        found = [numbers.get(target, UNKNOWN) for target in example.targets]
        targets.append(np.array(found, np.int64))
    return model.score(inputs, targets, decoding)


def _unknown_target(
    where: str, target: str, fmt: "ExampleFormat", checkpoint: "Checkpoint"
) -> TextError:
    return TextError(
        f"{where} has the {fmt.target} {target}, which run {checkpoint.run} does not know",
        f"Its {fmt.target}s: {', '.join(checkpoint.labels[:_MOST_NAMED])}.",
    )
