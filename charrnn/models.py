"""A trained model for scripts and notebooks, by what it predicts. It computes with NumPy alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Unpack

from charrnn.events import Emit
from charrnn.inference import sampled_texts, sampling
from charrnn.inference.score import Score, score
from charrnn.inference.search import GREEDY, Decoding
from charrnn.keywords import DecodingKeywords, ReadingKeywords, SampleKeywords
from charrnn.network.language_model import LanguageModel
from charrnn.public import public
from charrnn.settings import PartName, SampleSettings, UnknownName, checked_settings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.storage.runs import corpus_of
from charrnn.tasks import task_of
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
from charrnn.text.unknown import known_text
from charrnn.trained import Model


class TextModel(Model):
    """A trained language model: it samples texts, and scores them.

    >>> model.settings.cell, model.tokenizer.size
    ('lstm', 34)
    >>> len(model.sample("The ", length=20, seed=1))
    20
    """

    instead = 'Call sample or score. A model that predicts is trained with task="label", say.'

    @cached_property
    def network(self) -> LanguageModel:
        """The network, to be stepped through by hand."""
        return LanguageModel(self.settings, self.checkpoint.weights)

    @public
    def sample(
        self,
        prompt: str = "",
        length: int = SampleSettings.length,
        **options: Unpack[SampleKeywords],
    ) -> str:
        """What the model writes after the prompt, which is not repeated: `length` characters.

        `temp` 0 takes the likeliest token, 1 samples as learned (as without it), "1.2:0.6" goes
        from 1.2 to 0.6. `top_k`, `top_p` and `min_p` leave unlikely tokens out, a `stop` (or
        several) ends the text before it would be written, and the same `seed` writes the same text,
        which `charrnn sample` writes as well. UsageError for a value out of bounds, TextError for a
        prompt with characters that the vocabulary lacks, unless `unknown` is "skip" or "nearest".

        >>> model.sample("The king", seed=1) == model.sample("The king", seed=1)
        True
        """
        return "".join(self.stream(prompt, length, **options))

    @public
    def stream(
        self,
        prompt: str = "",
        length: int = SampleSettings.length,
        **options: Unpack[SampleKeywords],
    ) -> Iterator[str]:
        """The text of `sample` in pieces, as they are made.

        >>> "".join(model.stream("The ", seed=3)) == model.sample("The ", seed=3)
        True
        """
        settings = self._settings({"prompt": prompt, "length": length, **options})
        pieces = sampling.sample(self.network, self.tokenizer, settings)
        if settings.prompt:
            next(pieces)
        return pieces

    @public
    def samples(
        self,
        count: int,
        prompt: str = "",
        length: int = SampleSettings.length,
        **options: Unpack[SampleKeywords],
    ) -> list[str]:
        """`count` independent texts, computed together. The first is the one of `sample`.

        >>> texts = model.samples(3, "The ", seed=1)
        >>> len(set(texts)), texts[0] == model.sample("The ", seed=1)
        (3, True)
        """
        settings = self._settings({"count": count, "prompt": prompt, "length": length, **options})
        texts = sampled_texts.sample_many(self.network, self.tokenizer, settings)
        return [text.text for text in sorted(texts, key=lambda text: text.number)]

    def _settings(self, given: dict[str, Any]) -> SampleSettings:
        """Checked, with the prompt as the vocabulary has it."""
        if isinstance(given.get("stop"), str):
            given["stop"] = (given["stop"],)
        (settings,) = checked_settings(given, SampleSettings)
        prompt, _ = known_text(settings.prompt or "", self.tokenizer, settings.unknown)
        checked: SampleSettings = replace(settings, prompt=prompt or None)
        return checked

    @public
    def score(self, text: str) -> Score:
        """How well the model predicts a text, as `charrnn eval` finds: every token but the first.

        `.loss` is in nats per token, and there are `.bits_per_character`, `.bits_per_byte`,
        `.perplexity`, `.tokens`, `.characters` and `.bytes`. TextError for fewer than two tokens,
        or characters that the vocabulary lacks.

        >>> score = model.score("The old king sat by the sea.")
        >>> score.tokens, score.bits_per_character < 4.5
        (27, True)
        """
        return score(self.network, self.tokenizer.encode(text), self.tokenizer)


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

    @property
    def attends(self) -> bool:
        """Whether its predictions say which part of the source each symbol comes from."""
        return "attention.query" in self.checkpoint.weights

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
        `beam`, `temp`, `seed` and `max_length` say how a text is written, as those of
        `charrnn predict`, or a `decoding` that has them. UsageError where nothing is written.
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
        return self.score(examples.items, examples.targets, decoding, examples.names), part

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
        return self.score(examples.items, examples.targets, decoding, examples.names)


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


AnyModel = TextModel | Predictor
"""A model as it was trained: of texts, or for another task."""


def model_of(checkpoint: Checkpoint) -> AnyModel:
    """The trained model that a checkpoint holds."""
    return TextModel(checkpoint) if checkpoint.is_language_model else Predictor(checkpoint)
