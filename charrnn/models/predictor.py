"""A model that was trained for another task than text. It computes with NumPy alone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Unpack

from charrnn.errors import TextError
from charrnn.events import Emit
from charrnn.inference.decoding import GREEDY, Decoding
from charrnn.models.base import Model
from charrnn.models.keywords import DecodingKeywords, ReadingKeywords
from charrnn.models.public import public
from charrnn.settings import PartName, UnknownName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import corpus_of
from charrnn.tasks import inputs_of, task_of
from charrnn.tasks.base import ExampleScore
from charrnn.tasks.example_task import ExampleTask
from charrnn.tasks.examples import Ids
from charrnn.tasks.outputs.base import ExampleNetwork, Prediction
from charrnn.tasks.scored_examples import (
    ScoredExamples,
    examples_of_file,
    examples_of_part,
)
from charrnn.text.corpus import part_to_score
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.source_files import shown_name


class Predictor(Model):
    """A trained model that predicts something of a whole text or picture."""

    instead = 'Call predict or score_file. A model that samples is trained with task="text".'

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        task = task_of(checkpoint.model, checkpoint)
        assert isinstance(task, ExampleTask)
        self.task = task

    def __repr__(self) -> str:
        counted = f"{len(self.targets)} {self.task.output.counted}"
        about = f"{self.settings.task}, {counted}, {self.settings.cell} {self.settings.size}"
        return f"<charrnn model {self.run}: {about}>"

    @property
    def targets(self) -> tuple[str, ...]:
        """Its target vocabulary: the labels, tags or symbols that it can predict."""
        return self.checkpoint.target_vocabulary

    @cached_property
    def network(self) -> ExampleNetwork:
        """The network, which takes batches of token ids, or of pictures."""
        return self.task.network(self.settings, self.checkpoint.weights)

    @public
    def is_source(self, file: str) -> bool:
        """Whether a file of that name is itself read, not its lines.

        TextError for the source of another model.
        """
        source = self.task.input
        is_own = source.is_source(file)
        if not is_own and not source.has_text and inputs_of(file):
            raise TextError(
                f"run {self.run} reads {source.name}, not {file}",
                f"Name a file of {', '.join(source.suffixes)}, or a file of lines that name such.",
            )
        return is_own

    @property
    def attends(self) -> bool:
        """Whether its predictions say which part of the source each symbol comes from."""
        is_aligned = self.settings.decoder == "ctc"
        return is_aligned or "attention.query" in self.checkpoint.weights

    @public
    def predict(
        self,
        texts: Iterable[str],
        unknown: UnknownName = "skip",
        decoding: Decoding = GREEDY,
        **options: Unpack[DecodingKeywords],
    ) -> list[Prediction]:
        """The prediction for each text, or for the picture of that name.

        `unknown` says what becomes of characters that the vocabulary lacks: TextError with "error".
        `beam`, `temp`, `seed` and `max_length` say how a text is written, `top` and `threshold`
        which labels are listed, as those of `charrnn predict`, or a `decoding` that has them. With
        `positions=False` a text by CTC does not say where its symbols are, and takes less long.
        UsageError where one of the others has no effect.
        """
        texts, decoding = [*texts], replace(decoding, **options)
        items = [self.task.read(text, unknown) for text in texts]
        return self.task.predict(self.network, texts, items, decoding)

    @public
    def score(
        self,
        inputs: Sequence[Ids],
        targets: Sequence[Ids],
        decoding: Decoding = GREEDY,
        names: Sequence[str] = (),
    ) -> ExampleScore:
        """How well the targets of examples (N,) are predicted, given by their indices.

        Those are of `names`, if given, which begin with `targets`. One that `targets` lacks is
        wrong, and without a loss.
        """
        return self.task.score(self.checkpoint.weights, inputs, targets, decoding, names)

    @public
    def score_part(
        self, part: PartName | None, decoding: Decoding = GREEDY
    ) -> tuple[ExampleScore, PartName]:
        """The score on a part of the examples that the run has, and which part that is.

        TextError without examples.
        """
        examples, part = part_examples(self, part)
        return self._score(examples, decoding), part

    @public
    def score_file(
        self,
        file: str,
        unknown: UnknownName = "skip",
        decoding: Decoding = GREEDY,
        **reading: Unpack[ReadingKeywords],
    ) -> ExampleScore:
        """The score on the examples in a file, or in stdin for `-`.

        `reading`: another `encoding`, `format`, `columns` than the run's examples have. TextError
        for a line that is not an example.
        """
        examples = file_examples(self, file, unknown, **reading)
        return self._score(examples, decoding)

    def _score(self, examples: ScoredExamples, decoding: Decoding) -> ExampleScore:
        _, _, items, targets, names = examples
        return self.task.score(self.checkpoint.weights, items, targets, decoding, names)


def part_examples(model: Predictor, part: PartName | None) -> tuple[ScoredExamples, PartName]:
    """The examples of a part of a run's corpus, and which part that is. TextError if none."""
    corpus = corpus_of(model.checkpoint, f"score it on a file: charrnn eval {model.run} FILE")
    part = part_to_score(corpus, part)
    assert isinstance(corpus, ExampleCorpus)
    return examples_of_part(model.task, corpus, part), part


def file_examples(
    model: Predictor,
    file: str,
    unknown: UnknownName,
    emit: Emit = lambda _: None,
    **reading: Unpack[ReadingKeywords],
) -> ScoredExamples:
    """The examples in a file, as `Predictor.score_file` reads it."""
    given: dict[str, Any] = {name: value for name, value in reading.items() if value}
    fmt = model.task.format(replace(model.task.subject.text, **given))
    return examples_of_file(model.task, file, fmt, unknown, emit)


def check_lines(model: Predictor, file: str, lines: Iterable[str]) -> None:
    """TextError if lines of a file, or of stdin for `-`, are those of a binary file."""
    source = model.task.input
    takes_any = source.has_text and model.tokenizer.raw and not inputs_of(file)
    if not takes_any and "\0" in "".join(lines):
        hint = f"Run {model.run} reads texts: name one, or a run of what the file is."
        if not source.has_text:
            hint = f"Name the file itself: charrnn predict {model.run} FILE"
        raise TextError(f"{shown_name(file)} is a binary file: it has NUL characters", hint)
