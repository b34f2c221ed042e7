"""A sequence of symbols, written one by one: sequence to sequence, and captions."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array, cross_entropy, namespace
from charrnn.inference.decoding import Decoding
from charrnn.inference.fusion import Fusion
from charrnn.inference.sampling import check_finite
from charrnn.inference.search import Written, search
from charrnn.network.decoder import END, Decoder, Source
from charrnn.network.recurrent_encoder import within
from charrnn.settings import TextSettings, no_effect
from charrnn.tasks.base import Batch, Subject
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.tasks.inputs.base import Input
from charrnn.tasks.outputs.base import Asked, Computed, ExampleNetwork, Output, pairs
from charrnn.tasks.outputs.sequence_prediction import TextPrediction
from charrnn.tasks.outputs.sequence_scores import RewriteScore
from charrnn.text.example_columns import OTHERS, Layout, MalformedError, Record
from charrnn.text.example_records import tsv_cells
from charrnn.text.examples import Lines, Parsed

_WRITTEN, _SYMBOLS = 512, 4096  # examples that a validation writes, symbols of all of them


class PairLines(Lines):
    """`source<TAB>target`: the target's characters or words are predicted one by one."""

    target = "symbol"
    least = 1
    one_target = False

    def __init__(self, settings: TextSettings, source: Input) -> None:
        self._unit = settings.target_unit
        names = ("source", "target") if source.has_text else (source.name, "text")
        self.layout = Layout(names, 0, tsv_cells)
        written = "the text that it becomes" if source.has_text else "its text"
        self.hint = f"Each line is {source.described}, a tab and {written}. {OTHERS}"

    def read(self, records: Iterator[Record]) -> Iterator[Parsed]:
        for line, text, target in pairs(records, self.layout.names):
            symbols = target if self._unit == "character" else target.split()
            if not symbols:
                raise MalformedError(line, f"has no {self.layout.names[1]}")
            yield Parsed(line, text, tuple(symbols))


class SequenceOutput(Output):
    """Symbols, characters or words, until END. They are numbered from 1 on; END is 0."""

    unit = "symbol"
    head: ClassVar[type[Any]] = Decoder
    counted = "symbols"
    options: ClassVar[tuple[str, ...]] = (
        "beam", "temp", "seed", "max_length", "language_model", "weight",
    )  # fmt: skip
    ends: ClassVar[int] = 1
    """Whether END follows the symbols of a text, and is predicted, too."""
    unscored: ClassVar[str] = "symbols that the model lacks, which are left out"
    lines = PairLines

    def __init__(self, subject: Subject, source: Input) -> None:
        super().__init__(subject, source)
        self.between = "" if subject.text.target_unit == "character" else " "

    @property
    def uniform_loss(self) -> float:
        return math.log(len(self.names) + 1)

    def measure(self, targets: Ragged, examples: range, positions: Indices) -> None:
        super().measure(targets, examples, positions)
        self.mean_length, self.most = self.mean_length + self.ends, self.most + self.ends

    @property
    def most_written(self) -> int:
        return min(_WRITTEN, max(1, int(_SYMBOLS / self.mean_length)))

    def collate(
        self,
        targets: Ragged,
        indices: Indices,
        inputs: Mapping[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Symbols (U + 1, B) that end with END if any `ends`, how many there are (B,).

        A target that the model lacks becomes END, and does not count.
        """
        numbers, lengths = targets.padded(indices)
        symbols = np.append(numbers + 1, np.zeros_like(numbers[: self.ends]), 0)
        steps = np.arange(len(symbols))[:, None]
        known = (steps < lengths) & (symbols <= len(self.names))
        return {"targets": np.where(known, symbols, END), "target_lengths": lengths + self.ends}

    def tokens(self, targets: Ragged, indices: Indices | range) -> Indices:
        return targets.lengths(indices) + self.ends

    def loss(self, network: ExampleNetwork, batch: Batch, masks: Sequence[Array]) -> Array:
        """Divided by the mean number of symbols, so that the parts of a batch add up."""
        return self._losses(network, batch, masks).sum(0).mean() / self.mean_length

    def _losses(self, network: ExampleNetwork, batch: Batch, masks: Sequence[Array] = ()) -> Array:
        """The loss (U, B) of each symbol after the true ones before it; 0 where there is none."""
        targets, xp = batch.targets, namespace(batch.targets)
        source, masks = self._source(network, batch, masks)
        before = xp.concat((xp.full_like(targets[:1], END), targets[:-1]), axis=0)
        logits = network.head.write(source, before, masks)
        return cross_entropy(logits, targets) * self._scored(batch)

    def _scored(self, batch: Batch) -> Array:
        """The mask (U, B) of the symbols that have a loss: all that the model has, and END."""
        steps = len(batch.targets)
        inner = within(batch.target_lengths - 1, steps) & (batch.targets == END)
        return within(batch.target_lengths, steps) & ~inner

    def _source(
        self, network: ExampleNetwork, batch: Batch, masks: Sequence[Array] = ()
    ) -> tuple[Source, Sequence[Array]]:
        """What the decoder reads, and its dropout masks."""
        outputs, mask, masks = network.encode(batch, masks)
        return network.head.source(outputs, mask, network.encoder.summary(outputs, mask)), masks

    def evaluate(self, network: ExampleNetwork, batch: Batch) -> tuple[Array, ...]:
        return (self._losses(network, batch),)

    def score(
        self,
        evaluated: Iterable[Computed],
        names: Sequence[str],  # noqa: ARG002
    ) -> RewriteScore:
        """The mean loss of a symbol, NaN without one. What is written is counted apart."""
        score, total, symbols = RewriteScore(self.subject.text.target_unit, self.unscored), 0.0, 0
        for computed in evaluated:
            losses, counts = self._summed(computed)
            total += float(losses.sum(dtype=np.float64))
            symbols += int(counts.sum())
            score.unscored += int((counts < computed.batch.target_lengths).sum())
        check_finite(math.isfinite(total))
        score.loss = total / symbols if symbols else math.nan
        return score

    def _summed(self, computed: Computed) -> tuple[NDArray[np.floating[Any]], Indices]:
        """The loss (B,) of each text, and how many of its symbols (B,) have one."""
        _, batch, (losses,) = computed
        return losses.sum(0), self._scored(batch).sum(0)

    def losses(self, computed: Computed) -> NDArray[np.floating[Any]]:
        losses, counts = self._summed(computed)
        return np.where(counts < computed.batch.target_lengths, math.inf, losses)

    def count_written(
        self, score: Any, network: ExampleNetwork, batch: Batch, asked: Asked
    ) -> None:
        decoding = replace(asked.decoding, positions=False)
        written = self._write(network, batch, asked._replace(decoding=decoding))
        for column, texts in enumerate(written):
            true = batch.targets[: batch.target_lengths[column] - self.ends, column]
            score.add((true - 1).tolist(), [number - 1 for number in texts[0].symbols])

    def _write(self, network: ExampleNetwork, batch: Batch, asked: Asked) -> list[list[Written]]:
        """What is written for each example of a batch, the likeliest first."""
        source, _ = self._source(network, batch)
        longest = asked.decoding.max_length
        most = np.array([longest or self.input.longest(item) for item in asked.items])
        fusion = self.fusion(asked.decoding)
        return search(network.head, source, most, asked.decoding, asked.generators, fusion)

    def fusion(self, decoding: Decoding) -> Fusion | None:
        """The language model of a decoding on these symbols. UsageError if it does not fit."""
        if decoding.language_model is None:
            return None
        if self.between:
            raise no_effect("language_model", "--target-unit word", "train on characters")
        return Fusion(decoding.language_model, decoding.weight, self.names)

    def predict(
        self, network: ExampleNetwork, batch: Batch, asked: Asked
    ) -> Iterator[TextPrediction]:
        written = self._write(network, batch, asked)
        return map(self._prediction, asked.texts, asked.items, written)

    def _prediction(self, given: str, item: Ids, written: Sequence[Written]) -> TextPrediction:
        """The prediction for one example, of which these are the texts, the likeliest first."""
        symbols = [[self.names[n - 1] for n in text.symbols] for text in written]
        texts = [*map(self.between.join, symbols)]
        others = [(t, w.log_probability) for t, w in zip(texts, written, strict=True)]
        source, attention = self.input.positions(item), written[0].attention
        columns = self.input.grid and self.input.grid[1]
        return TextPrediction(
            given=given,
            source=source,
            text=texts[0],
            log_probability=written[0].log_probability,
            alternatives=others[1:],
            symbols=symbols[0],
            attention=attention[:, : self.input.steps(item)],  # without the padding
            grid=(attention.shape[1] // columns, columns) if columns else None,
            pixels=self.input.pixels(item),
            positions=written[0].positions,
            step_seconds=self.input.step_seconds,
        )
