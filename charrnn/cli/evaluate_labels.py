"""charrnn eval of a run with labels: how often it gives the right one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from charrnn.errors import TextError, UsageError
from charrnn.settings import PartName, UnknownName, flag

if TYPE_CHECKING:
    from charrnn.inference.label_scores import LabelScore
    from charrnn.storage.checkpoint import Checkpoint


def evaluate_labels(
    checkpoint: "Checkpoint",
    file: str | None,
    part: PartName | None,
    encoding: str | None,
    unknown: UnknownName | None,
    json: bool,
    others: Mapping[str, Any],
) -> None:
    """Score a run on a part of its examples, or on those in a file.

    UsageError if one of the `others`, flags for texts that go on, is given; TextError for a label
    that the run does not know.
    """
    for name, value in others.items():
        if value not in (None, False):
            raise UsageError(
                f"{flag(name)} is for models of text, and run {checkpoint.run} gives labels",
                f"Leave {flag(name)} out.",
            )
    from charrnn.display.label_scores import show_label_scores

    if file is None:
        score, about = _part(checkpoint, part)
    else:
        score, about = _file(checkpoint, file, encoding, unknown or "skip")
    about |= {"run": checkpoint.run, "step": checkpoint.step}
    show_label_scores(score, checkpoint.labels, about, json)


def _part(checkpoint: "Checkpoint", part: PartName | None) -> "tuple[LabelScore, dict[str, Any]]":
    """The score on a part: the one named, else test, or valid where there is no test."""
    import numpy as np

    from charrnn.inference.label_scores import score_of
    from charrnn.inference.predict import LabelModel
    from charrnn.storage.checkpoint import corpus_of
    from charrnn.text.labelled import LabelledCorpus

    corpus = corpus_of(checkpoint, f"score it on a file: charrnn eval {checkpoint.run} FILE")
    assert isinstance(corpus, LabelledCorpus)
    chosen: PartName = part or ("test" if corpus.examples("test") else "valid")
    examples = corpus.examples(chosen)
    if not examples:
        raise TextError(f"the {chosen} part has no examples", "Score another --part, or a file.")
    texts = [corpus.ids(number) for number in examples]
    targets = np.array(corpus.targets[examples.start : examples.stop], np.int64)
    found = LabelModel(checkpoint).network.probabilities(texts)
    return score_of(found, targets), {"part": chosen}


def _file(
    checkpoint: "Checkpoint", file: str, encoding: str | None, unknown: UnknownName
) -> "tuple[LabelScore, dict[str, Any]]":
    from dataclasses import replace

    import numpy as np

    from charrnn.inference.label_scores import score_of
    from charrnn.inference.predict import LabelModel
    from charrnn.text.example_lines import examples_in

    settings = replace(checkpoint.text, encoding=encoding or checkpoint.text.encoding)
    numbers = {label: number for number, label in enumerate(checkpoint.labels)}
    model, texts, targets = LabelModel(checkpoint), [], []
    for example in examples_in(file, settings, lambda _: None, checkpoint.tokenizer.raw):
        if example.label not in numbers:
            raise TextError(
                f"{example.where} has the label {example.label}, which run {checkpoint.run} "
                "does not know",
                f"Its labels: {', '.join(checkpoint.labels[:20])}.",
            )
        texts.append(model.ids(example.text, unknown))
        targets.append(numbers[example.label])
    score = score_of(model.network.probabilities(texts), np.array(targets, np.int64))
    return score, {"text": "stdin" if file == "-" else file}
