"""The tag of each token, or of each character, of a text: sequence labelling."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array, namespace
from charrnn.errors import TextError, UsageError
from charrnn.inference.sampling import check_finite
from charrnn.network.heads import TagHead
from charrnn.settings import FormatName, TextSettings
from charrnn.tasks.base import Batch, Subject
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.tasks.inputs.base import Input
from charrnn.tasks.outputs.base import Asked, Computed, ExampleNetwork, Output
from charrnn.tasks.outputs.spans import Scheme
from charrnn.tasks.outputs.tag_lines import CharacterLines, StepLines, TokenLines
from charrnn.tasks.outputs.tag_prediction import TagPrediction
from charrnn.tasks.outputs.tag_scores import TagScore
from charrnn.text.examples import Lines

_SHOWN = 20  # tokens of a text in a validation


class TagOutput(Output):
    """One of K tags for each token, which spaces divide, or for each character."""

    unit = "tag"
    head = TagHead
    counted = "tags"
    tokens_per_parameter = 50.0

    def __init__(self, subject: Subject, source: Input) -> None:
        super().__init__(subject, source)
        self.of_tokens = subject.text.tag_unit == "token"
        self.scheme = Scheme(self.names)

    @staticmethod
    def lines(settings: TextSettings, source: Input) -> Lines:
        if not source.tagged:
            raise UsageError(
                f"--task tag cannot use --input {source.name}", "It tags texts and frames."
            )
        if not source.has_text:
            return StepLines(source.name, source.described)
        allowed = ("char", "byte") if settings.tag_unit == "token" else ("char",)
        if settings.tokenizer not in allowed or (settings.min_count > 1 and allowed == ("char",)):
            raise UsageError(
                f"--task tag cannot use --tokenizer {settings.tokenizer}"
                + " with --min-count" * (settings.min_count > 1),
                "Leave it out: a tag belongs to whole characters.",
            )
        return TokenLines() if settings.tag_unit == "token" else CharacterLines()

    @staticmethod
    def separator(settings: TextSettings) -> str:
        return " " if settings.tag_unit == "token" else ""

    @property
    def uniform_loss(self) -> float:
        return math.log(len(self.names))

    def collate(
        self, targets: Ragged, indices: Indices, inputs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Tags (N, B), how many each text has (B,), the spans (2, N, B) of its tokens."""
        tags, lengths = targets.padded(indices)
        fields = self.collate_spans(inputs)
        if wrong := np.flatnonzero(fields["target_lengths"] != lengths).tolist():
            tokens = fields["target_lengths"][wrong[0]]
            raise TextError(
                f"the corpus is damaged: it has {lengths[wrong[0]]} tags for {tokens} tokens",
                "Delete its folder in corpora/ and prepare the text again.",
            )
        return {"targets": tags, **fields}

    def collate_spans(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The number of tokens (B,) of each text, and their spans (2, N, B)."""
        ids, by_text = inputs["inputs"], []
        for column, length in enumerate(inputs["lengths"].tolist()):
            by_text.append(self.input.spans(ids[:length, column]))
        lengths = np.array([token_spans.shape[1] for token_spans in by_text], np.int64)
        padded = np.zeros((2, lengths.max(), len(lengths)), np.int64)
        for column, token_spans in enumerate(by_text):
            padded[:, : lengths[column], column] = token_spans
        return {"target_lengths": lengths, "spans": padded}

    def loss(self, network: ExampleNetwork, batch: Batch, masks: Sequence[Array]) -> Array:
        """Divided by the mean number of tags of a text, so that the parts of a batch add up."""
        logits = self._logits(network, batch, masks)
        losses = network.head.losses(logits, batch.targets, batch.target_lengths)
        return losses.mean() / self.mean_length

    def _logits(self, network: ExampleNetwork, batch: Batch, masks: Sequence[Array] = ()) -> Array:
        """The logits (N, B, K) of the tags of a batch."""
        outputs, _, _ = network.encode(batch, masks)
        return network.head.logits(outputs, batch.spans)

    def evaluate(self, network: ExampleNetwork, batch: Batch) -> tuple[Array, ...]:
        logits = self._logits(network, batch)
        known = namespace(batch.targets).where(self._is_known(batch), batch.targets, 0)
        return logits, network.head.losses(logits, known, batch.target_lengths)

    def _is_known(self, batch: Batch) -> Array:
        """Which of the tags (N, B) the model has."""
        return batch.targets < len(self.names)

    def score(self, evaluated: Iterable[Computed], names: Sequence[str]) -> TagScore:
        """How well tags are predicted.

        The loss is that of the texts all of whose tags the model has; NaN without one.
        """
        score, scored = TagScore(self.scheme), 0
        for network, batch, (logits, losses) in evaluated:
            check_finite(bool(np.isfinite(logits).all()))
            for column, length in enumerate(batch.target_lengths.tolist()):
                true = batch.targets[:length, column]
                if self._is_known(batch)[:length, column].all():
                    score.loss += float(losses[column])
                    scored += length
                else:
                    score.unscored += 1
                tags = network.head.likeliest(logits[:length, column])
                score.add(*([names[tag] for tag in row.tolist()] for row in (true, tags)))
        score.loss = score.loss / scored if scored else math.nan
        return score

    def losses(self, computed: Computed) -> NDArray[np.floating[Any]]:
        _, batch, (_, losses) = computed
        return np.where(self._is_known(batch).all(0), losses, math.inf)

    def predict(
        self, network: ExampleNetwork, batch: Batch, asked: Asked
    ) -> Iterator[TagPrediction]:
        spans_of_batch = self.collate_spans({"inputs": batch.inputs, "lengths": batch.lengths})
        batch = batch._replace(**spans_of_batch)
        logits = self._logits(network, batch)
        check_finite(bool(np.isfinite(logits).all()))
        tags, lengths = np.zeros(logits.shape[:2], np.int64), batch.target_lengths
        for column, length in enumerate(lengths):
            tags[:length, column] = network.head.likeliest(logits[:length, column])
        probabilities = np.exp(-network.head.losses(logits, tags, lengths)).tolist()
        for column, (text, item) in enumerate(zip(asked.texts, asked.items, strict=True)):
            tokens = self.input.tagged_tokens(text, item)
            names = [self.names[tag] for tag in tags[: len(tokens), column].tolist()]
            given = self.text_read(text)
            probability = probabilities[column]
            yield TagPrediction(given, tokens, names, probability, self.scheme, self.between)

    def formatted(self, prediction: TagPrediction, name: FormatName | None) -> str:
        """As the base says; as CoNLL has it a line for each token, and an empty one."""
        if name not in ("conll", "conllu"):
            return prediction.line
        pairs = zip(prediction.tokens, prediction.tags, strict=True)
        return "".join(f"{token}\t{tag}\n" for token, tag in pairs)

    def text_read(self, text: str) -> str:
        if not self.input.has_text:
            return text
        return self.between.join(self.input.tagged_tokens(text, np.zeros(0, np.uint8)))

    def shown(self, source: str, prediction: TagPrediction, target: Ids) -> str:
        if not self.input.has_text:
            return super().shown(source, prediction, target)
        return prediction.bracketed(_SHOWN)
