"""A task on examples, each of which is read whole: an input, and an output for it."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.events import Scores
from charrnn.inference.decoding import GREEDY, Decoding
from charrnn.network.layers import State
from charrnn.settings import ModelSettings, PartName, TextSettings, TrainSettings, UnknownName
from charrnn.tasks.base import Batch, ExampleScore, Subject, Task
from charrnn.tasks.examples import ExampleBatches, Ids, Indices, Ragged, by_length
from charrnn.tasks.inputs.base import Input
from charrnn.tasks.outputs.base import Asked, Computed, ExampleNetwork, Output, Prediction
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.examples import ExampleFormat
from charrnn.text.input_shapes import counted
from charrnn.text.tokenizers import valid_unicode

_TOGETHER, _SHOWN = 64, 12  # examples computed at once, and those that a validation shows


class ExampleTask(Task):
    """Predicts an output of an input."""

    def __init__(
        self, model: ModelSettings, subject: Subject, source: type[Input], output: type[Output]
    ) -> None:
        super().__init__(model, subject)
        self.input = source(subject.text, output.separator(subject.text), subject)
        self.output = output(subject, self.input)
        self.unit, self.least, self.sizes = self.output.unit, self.input.least, self.input.sizes
        self.learning_rates = self.input.learning_rates
        self.tokens_per_parameter = (
            self.input.tokens_per_parameter or self.output.tokens_per_parameter
        )
        if isinstance(subject, ExampleCorpus):
            self.items = Ragged(subject.tokens, subject.starts)
            self.targets = Ragged(subject.targets, subject.target_starts)
            examples = subject.examples("train")
            self.output.measure(self.targets, examples, self.input.lengths(self.items, examples))
            self.ctc_frames = self.output.ctc_frames

    @property
    def corpus(self) -> ExampleCorpus:
        """What it learns from."""
        assert isinstance(self.subject, ExampleCorpus)
        return self.subject

    def format(self, settings: TextSettings) -> ExampleFormat:
        """How its examples stand in files that are read as these settings say."""
        source = type(self.input)(settings, self.output.separator(settings))
        return ExampleFormat(self.model.task, source, self.output.lines(settings, source))

    def parameters(self, model: ModelSettings) -> Parameters:
        return {**self.input.parameters(model), **self.output.parameters(model)}

    def network(self, model: ModelSettings, weights: Mapping[str, Array]) -> ExampleNetwork:
        encoder, head = self.input.encoder(model, weights), self.output.head(model, weights)
        return ExampleNetwork(encoder, head)

    def doubts(self) -> Sequence[str]:
        return self.output.doubts(self.model)

    @property
    def training_tokens(self) -> int:
        return int(self._tokens("train").sum())

    @property
    def counted(self) -> tuple[int, str]:
        if not self.subject.input_shape:
            return super().counted
        stored = self.items.lengths(self.corpus.examples("train"))
        return counted(int(stored.sum()), self.subject.input_shape)

    @property
    def uniform_loss(self) -> float:
        return self.output.uniform_loss

    @property
    def largest_loss(self) -> float:
        return super().largest_loss * self.output.longest_share(self.model)

    def resolve_batch(self, settings: TrainSettings) -> tuple[int, int]:
        lengths = self._tokens("train")
        return min(settings.batch_size, len(lengths)), max(1, round(lengths.mean()))

    def batches(self, settings: TrainSettings, part: slice) -> ExampleBatches:
        batch_size, _ = self.resolve_batch(settings)
        examples = self.corpus.examples("train")
        if settings.class_weights == "balanced":
            first, last = self.targets.starts[[examples.start, examples.stop]]
            self.output.balance(self.targets.values[first:last], len(examples))
        return ExampleBatches(
            examples, self._tokens("train"), self._collate, batch_size, settings.seed, part,
            self.input.augmented if settings.augment else None,
        )  # fmt: skip

    def _tokens(self, part: PartName) -> Indices:
        """Tokens that are read and written of each example of a part (N,)."""
        examples = self.corpus.examples(part)
        written = self.output.tokens(self.targets, examples)
        return self.input.tokens(self.items, examples) + written

    def _collate(self, indices: Indices) -> Batch:
        """Examples (B,) of the corpus as a batch. TextError if the corpus is damaged."""
        return self.batch_of(self.items, self.targets, indices)

    def batch_of(self, items: Ragged, targets: Ragged, indices: Indices) -> Batch:
        """Some items and their targets as a batch."""
        inputs = self.input.collate(items, indices)
        return Batch(**inputs, **self.output.collate(targets, indices, inputs))

    def sliced(self, batch: Batch, part: slice) -> Batch:
        along = {0: (part,), 1: (slice(None), part), 2: (slice(None), slice(None), part)}
        axes = Batch(self.input.batch_axis, self.output.batch_axis, 0, 0, 2, 0)
        cut = (
            None if array is None else array[along[axis]]
            for array, axis in zip(batch, axes, strict=True)
        )  # fmt: skip
        return Batch(*cut)

    def loss(
        self, network: ExampleNetwork, batch: Batch, state: State, masks: Sequence[Array]
    ) -> tuple[Array, State]:
        return self.output.loss(network, batch, masks), state

    def training_scores(self, loss: float) -> Scores:
        return {f"bits_per_{self.unit}": loss / math.log(2)}

    def validation_tokens(self, most: int) -> int:
        return min(most, int(self._tokens("valid").sum()))

    def validation(self, most_tokens: int) -> Indices:
        """Examples spread over the validation part, of about that number of tokens."""
        examples, tokens = self.corpus.examples("valid"), max(1, int(self._tokens("valid").sum()))
        count = math.ceil(len(examples) * min(1.0, most_tokens / tokens))
        return examples.start + np.linspace(0, len(examples) - 1, count).astype(np.int64)

    def evaluation_batches(self, indices: Indices, size: int) -> Iterator[Batch]:
        """Batches of examples of about one length, at most `size` in each."""
        for group in by_length(self.input.tokens(self.items, indices), size):
            yield self._collate(indices[group])

    def count_some_written(
        self, score: ExampleScore, weights: Mapping[str, Array], indices: Indices
    ) -> None:
        """Count, in a score, what NumPy weights write for some of these examples, if anything."""
        most = min(len(indices), self.output.most_written)
        chosen = indices[np.linspace(0, len(indices) - 1, most).astype(int)]
        network = self.network(self.model, weights)
        for indices_of_group in by_length(self.input.tokens(self.items, chosen), _TOGETHER):
            group = chosen[indices_of_group]
            asked = Asked([self.items[n] for n in group])
            self.output.count_written(score, network, self._collate(group), asked)

    @np.errstate(all="ignore")  # what is not finite is an error of the output
    def score(
        self,
        weights: Mapping[str, Array],
        items: Sequence[Ids],
        targets: Sequence[Ids],
        decoding: Decoding = GREEDY,
        names: Sequence[str] = (),
    ) -> ExampleScore:
        """How well NumPy weights predict the targets of items, given by their indices.

        Those are of `names`, if given, which begin with the target vocabulary. A target that the
        vocabulary lacks is wrong, and without a loss.
        """
        network = self.network(self.model, weights)
        groups = self._groups(items, decoding)  # each is padded twice, none is kept
        batches = (self._padded(items, targets, group) for group in groups)
        computed = (Computed(network, one, self.output.evaluate(network, one)) for one in batches)
        score = self.output.score(computed, names or self.output.names)
        for group in groups:
            chosen = [items[n] for n in group]
            asked = Asked(chosen, decoding=decoding, generators=decoding.generators(group))
            self.output.count_written(score, network, self._padded(items, targets, group), asked)
        return score

    @np.errstate(all="ignore")  # likewise
    def losses(
        self, network: ExampleNetwork, items: Sequence[Ids], targets: Sequence[Ids]
    ) -> NDArray[np.float64]:
        """The loss (N,) of a NumPy network, in nats, on the targets of each item, as in `score`.

        Infinite where the model lacks one of them.
        """
        losses = np.zeros(len(items))
        for group in self._groups(items, GREEDY):
            batch = self._padded(items, targets, group)
            arrays = self.output.evaluate(network, batch)
            losses[group] = self.output.losses(Computed(network, batch, arrays))
        return losses

    def read(self, text: str, unknown: UnknownName = "skip") -> Ids:
        """What is read of a text, or of the picture of that name. TextError as `predict`."""
        return self.input.read(self.output.text_read(text), unknown)

    @np.errstate(all="ignore")  # likewise
    def predict(
        self,
        network: ExampleNetwork,
        texts: Sequence[str],
        items: Sequence[Ids],
        decoding: Decoding = GREEDY,
    ) -> list[Prediction]:
        """What a NumPy network predicts of items, each of which a text stands for."""
        predictions: dict[int, Prediction] = {}
        for group in self._groups(items, decoding):
            chosen, named = [items[n] for n in group], [texts[n] for n in group]
            inputs = self.input.collate(Ragged.of(chosen), np.arange(len(chosen)))
            asked = Asked(chosen, named, decoding, decoding.generators(group))
            of_group = self.output.predict(network, Batch(targets=None, **inputs), asked)
            predictions |= dict(zip(group.tolist(), of_group, strict=True))
        return [predictions[index] for index in range(len(items))]

    def _padded(self, items: Sequence[Ids], targets: Sequence[Ids], group: Indices) -> Batch:
        """Some of these items and their targets as a batch."""
        chosen, wanted = ([arrays[n] for n in group] for arrays in (items, targets))
        return self.batch_of(Ragged.of(chosen), Ragged.of(wanted), np.arange(len(group)))

    def _groups(self, items: Sequence[Ids], decoding: Decoding) -> list[Indices]:
        """The indices of examples that are computed together, fewer where a beam is wide.

        UsageError for a decoding that has no effect.
        """
        decoding.check_effective(self.model, self.output.options)
        starts = np.array([0, *map(len, items)], np.int64).cumsum()
        lengths = self.input.tokens(Ragged(np.zeros(0), starts), range(len(items)))
        return by_length(lengths, max(1, _TOGETHER // decoding.beam))

    def shown(self, corpus: ExampleCorpus, n: int) -> str:
        """Example n in a line of text: its text, or the name of its file."""
        return corpus.files[n] if corpus.files else self.input.shown(corpus.ids(n), n)

    def example(self, weights: Mapping[str, Array]) -> str:
        """The first validation examples, and what is predicted of them."""
        corpus = self.corpus
        examples = (corpus.examples("valid") or corpus.examples("train"))[:_SHOWN]
        texts = [self.shown(corpus, one) for one in examples]
        items, targets = map(corpus.ids, examples), map(corpus.targets_of, examples)
        network, decoding = self.network(self.model, weights), Decoding(positions=False)
        predictions = self.predict(network, texts, [*items], decoding)
        return valid_unicode("\n".join(map(self.output.shown, texts, predictions, targets)))
