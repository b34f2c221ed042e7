"""Which examples a model predicts wrongly, the worst first."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from charrnn.display.reports import Report
from charrnn.errors import plural
from charrnn.inference.decoding import Decoding
from charrnn.models.predictor import Predictor
from charrnn.tables import Cell, Figure, Table
from charrnn.tasks.scored_examples import ScoredExamples
from charrnn.text.tokenizers import valid_unicode

_LONGEST = 60  # characters of a text in the table


@dataclass(frozen=True)
class WrongExample:
    """An example, and the bits of its target: infinitely many where the model lacks it."""

    number: int
    bits: float
    source: str
    target: str
    prediction: str

    def record(self, numbered: str) -> dict[str, Any]:
        """As JSON has it. `numbered`: the name of its number."""
        bits = self.bits if math.isfinite(self.bits) else None
        return {
            numbered: self.number, "source": self.source, "target": self.target,
            "prediction": self.prediction, "bits": bits,
        }  # fmt: skip

    def row(self) -> list[Cell]:
        """As a table has it."""
        texts = (self.source, self.target, self.prediction)
        bits = Figure(f"{self.bits:,.2f}") if math.isfinite(self.bits) else None
        return [Figure(self.number), bits, *(text[:_LONGEST] for text in texts)]


def wrong_report(
    model: Predictor, examples: ScoredExamples, decoding: Decoding, numbered: str
) -> Report:
    """The examples that are wrong. `numbered`: what their numbers count, such as lines."""
    wrong = sorted(wrong_examples(model, examples, decoding), key=lambda one: -one.bits)
    title = f"{len(wrong):,} of {plural(len(examples.items), 'example')} wrong"
    title += ", the worst first" * (len(wrong) > 1)
    heads = [numbered, "bits", "source", "target", "prediction"]
    table = Table(heads, [one.row() for one in wrong], title, wraps=2)
    return Report((one.record(numbered) for one in wrong), [table])


def wrong_examples(
    model: Predictor, examples: ScoredExamples, decoding: Decoding
) -> Iterator[WrongExample]:
    """Those whose prediction is not their target, in their order."""
    task, names = model.task, examples.names
    losses = task.losses(model.network, examples.items, examples.targets) / math.log(2)
    decoding = replace(decoding, positions=False)
    predictions = task.predict(model.network, examples.texts, examples.items, decoding)
    for number, bits, source, indices, prediction in zip(
        examples.numbers, losses.tolist(), examples.texts, examples.targets, predictions,
        strict=True,
    ):  # fmt: skip
        target = task.output.written([names[index] for index in indices.tolist()], prediction)
        if prediction.line != target:
            texts = map(valid_unicode, (source, target, prediction.line))
            yield WrongExample(number, bits, *texts)
