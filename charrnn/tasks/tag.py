"""The tag of each token of a text: many to many, aligned."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor

from charrnn.errors import TextError
from charrnn.events import Scores
from charrnn.inference.tag_scores import TagScore, spans
from charrnn.inference.tagger import Tagger as NumPyTagger
from charrnn.network.ranks import Ranks
from charrnn.network.state import State
from charrnn.network.tagger import Tagger
from charrnn.settings import ModelSettings
from charrnn.tasks.base import Batch
from charrnn.tasks.example_batches import Arrays, Numbers, padded_targets, padded_texts
from charrnn.tasks.example_task import ExampleTask
from charrnn.text.corpus import Corpus
from charrnn.text.tokenizers import valid_unicode
from charrnn.text.unknown import space_of, spans_of_tokens

_SHOWN = 6  # examples
_LONGEST = 20  # tokens of each


_Tagged = tuple[list[int], list[int], float]
"""The tags of an example, those that are predicted, and the loss."""


class TagTask(ExampleTask[Tagger]):
    """Predicts the tag of each token."""

    unit = "tag"
    tokens_per_parameter = 50.0

    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus)
        of_tokens = corpus.text.tag_unit == "token"
        self.space = space_of(corpus.tokenizer) if of_tokens else None
        found = self.examples.examples("train")
        tags = np.diff(self.examples.target_starts[found.start : found.stop + 1])
        self._mean_tags, self._most_tags = float(tags.mean()), int(tags.max())

    @property
    def uniform_loss(self) -> float:
        return math.log(len(self.labels))

    @property
    def largest_loss(self) -> float:
        return super().largest_loss * self._most_tags / self._mean_tags

    def network(self, model: ModelSettings) -> Tagger:
        return Tagger(model, self.corpus.tokenizer.size, len(self.labels))

    def collate(self, numbers: Numbers) -> Arrays:
        """Ids (T, B), tags (S, B), how many there are of each, the places (2, S, B) of tokens."""
        ids, lengths = padded_texts(self.examples, numbers)
        tags, counts = padded_targets(self.examples, numbers)
        places = np.zeros((2, *tags.shape), np.int64)
        for column, (length, count) in enumerate(
            zip(lengths.tolist(), counts.tolist(), strict=True)
        ):
            first, last = spans_of_tokens(ids[:length, column], self.space)
            if len(first) != count:
                raise TextError(
                    f"the corpus is damaged: it has {count} tags for {len(first)} tokens",
                    "Delete its folder in corpora/ and prepare the text again.",
                )
            places[:, :count, column] = first, last
        return {
            "inputs": ids,
            "targets": tags,
            "lengths": lengths,
            "counts": counts,
            "places": places,
        }

    def loss(
        self, model: Tagger, batch: Batch, part: slice, masks: Sequence[Tensor]
    ) -> tuple[Tensor, State]:
        """Divided by the mean number of tags of a text: its parts add up to that of a batch."""
        losses = model.losses(*self._logits(model, batch, part, masks))
        return losses.mean() / self._mean_tags, ()

    def _logits(
        self, model: Tagger, batch: Batch, part: slice, masks: Sequence[Tensor] = ()
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (S, B, K), tags (S, B) and how many there are (B,), of a part of a batch."""
        assert batch.lengths is not None
        assert batch.counts is not None
        assert batch.places is not None
        first, last = batch.places[:, :, part]
        logits = model(batch.inputs[:, part], batch.lengths[part], first, last, masks)
        return logits, batch.targets[:, part], batch.counts[part]

    def training_scores(self, loss: float) -> Scores:
        return {"bits_per_tag": loss / math.log(2)}

    def score(self, model: Tagger, numbers: Numbers, *, bf16: bool, ranks: Ranks) -> TagScore:
        del ranks  # every rank predicts all of them: F1 is of kinds of spans, by name
        score, names = TagScore(), self.labels
        for true, predicted, loss in self._tagged(model, numbers, bf16):
            score.loss += loss
            score.add([names[n] for n in true], [names[n] for n in predicted])
        score.loss /= max(1, score.tokens)
        return score

    def _tagged(self, model: Tagger, numbers: Numbers, bf16: bool) -> Iterator[_Tagged]:
        decoder = NumPyTagger(model.settings, model.export(), self.space)
        whole = slice(None)
        for _, _, (logits, tags, counts) in self._computed(
            model, numbers, bf16, lambda batch: self._logits(model, batch, whole)
        ):
            losses = model.losses(logits, tags, counts).tolist()
            found, true = logits.float().cpu().numpy(), tags.cpu().numpy()
            for column, count in enumerate(counts.tolist()):
                predicted = decoder.decoded(found[:count, column])
                yield true[:count, column].tolist(), predicted.tolist(), losses[column]

    def example(self, model: Tagger) -> str:
        """Some validation texts with their tags."""
        decoder = NumPyTagger(model.settings, model.export(), self.space)
        texts = [self.examples.ids(number) for number in self.shown(_SHOWN)]
        lines = []
        for ids, found in zip(texts, decoder.tags(texts), strict=True):
            ends = zip(found.first.tolist(), found.last.tolist(), strict=True)
            tokens = [self.text_of(ids[a : b + 1]) for a, b in ends]
            names = [self.labels[tag] for tag in found.tags[:_LONGEST]]
            lines.append(tagged_line(tokens[:_LONGEST], names, self.space is None))
        return valid_unicode("\n".join(lines))


def tagged_line(tokens: Sequence[str], tags: Sequence[str], characters: bool) -> str:
    """A text with its spans in brackets: leave [Taipei origin] today."""
    ends = {span.last: span.kind for span in spans(tags)}
    begins = {span.first for span in spans(tags)}
    parts = []
    for number, token in enumerate(tokens):
        closed = f" {ends[number]}]" if number in ends else ""
        parts.append("[" * (number in begins) + token + closed)
    return ("" if characters else " ").join(parts)
