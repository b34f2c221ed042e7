"""A text for each text: sequence to sequence."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from charrnn.events import Scores
from charrnn.inference.decoder import Decoder, Source
from charrnn.inference.rewrite_scores import RewriteScore, joined
from charrnn.inference.search import END, search
from charrnn.network.encoder_decoder import EncoderDecoder
from charrnn.network.ranks import Ranks
from charrnn.network.state import State
from charrnn.settings import ModelSettings, PartName
from charrnn.tasks.base import Batch
from charrnn.tasks.example_batches import Arrays, Numbers, padded_targets, padded_texts
from charrnn.tasks.example_task import ExampleTask
from charrnn.text.corpus import Corpus
from charrnn.text.tokenizers import valid_unicode

_DECODED, _SYMBOLS = 512, 4096  # examples that a validation writes, symbols of all of them
_SHOWN, _LONGEST = 12, 60  # examples, characters of each
_TOGETHER = 64


class RewriteTask(ExampleTask[EncoderDecoder]):
    """Predicts the symbols of another text, one by one."""

    unit = "symbol"

    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus)
        symbols = self._symbols("train")
        self._mean_symbols, self._most_symbols = float(symbols.mean()), int(symbols.max())

    @property
    def uniform_loss(self) -> float:
        return math.log(len(self.labels) + 1)

    @property
    def largest_loss(self) -> float:
        return super().largest_loss * self._most_symbols / self._mean_symbols

    def network(self, model: ModelSettings) -> EncoderDecoder:
        size = self.corpus.tokenizer.size
        return EncoderDecoder(model, size, len(self.labels), self.input_shape)

    def _symbols(self, part: PartName) -> NDArray[np.int64]:
        """The symbols of each example (N,), with the end."""
        found = self.examples.examples(part)
        return np.diff(self.examples.target_starts[found.start : found.stop + 1]) + 1

    def lengths(self, part: PartName) -> NDArray[np.int64]:
        return super().lengths(part) + self._symbols(part)

    def collate(self, numbers: Numbers) -> Arrays:
        """Ids (S, B), their lengths; symbols (U + 1, B) that end with END, how many there are."""
        ids, lengths = padded_texts(self.examples, numbers)
        return {"inputs": ids, "lengths": lengths, **self.collated_symbols(numbers)}

    def collated_symbols(self, numbers: Numbers) -> Arrays:
        """Symbols (U + 1, B), numbered from 1 on, that end with END; how many there are (B,)."""
        targets, counts = padded_targets(self.examples, numbers)
        symbols = np.append(targets + 1, np.zeros_like(targets[:1]), 0)
        return {
            "targets": np.where(np.arange(len(symbols))[:, None] < counts, symbols, END),
            "counts": counts + 1,
        }

    def loss(
        self, model: EncoderDecoder, batch: Batch, part: slice, masks: Sequence[Tensor]
    ) -> tuple[Tensor, State]:
        """Divided by the mean number of symbols: the parts of a batch add up to it."""
        losses = self._losses(model, batch, part, masks)
        return losses.sum(0).mean() / self._mean_symbols, ()

    def _losses(
        self, model: EncoderDecoder, batch: Batch, part: slice, masks: Sequence[Tensor] = ()
    ) -> Tensor:
        """The loss (U, B) of each symbol, 0 where there is none, of a part of a batch."""
        assert batch.counts is not None
        targets, counts = batch.targets[:, part], batch.counts[part]
        steps = torch.arange(len(targets), device=targets.device)[:, None]
        given = torch.cat([torch.full_like(targets[:1], END), targets[:-1]])
        inputs = batch.inputs[part] if self.input_shape else batch.inputs[:, part]
        lengths = None if batch.lengths is None else batch.lengths[part]
        logits = model(inputs, lengths, given, masks)
        wanted = torch.where(steps < counts, targets, -1).flatten()
        found = F.cross_entropy(logits.flatten(0, 1), wanted, ignore_index=-1, reduction="none")
        return found.view_as(targets)

    def training_scores(self, loss: float) -> Scores:
        return {"bits_per_symbol": loss / math.log(2)}

    def score(
        self, model: EncoderDecoder, numbers: Numbers, *, bf16: bool, ranks: Ranks
    ) -> RewriteScore:
        own = numbers[ranks.part(len(numbers))]
        total, symbols, whole = 0.0, 0, slice(None)
        for _, batch, losses in self._computed(
            model, own, bf16, lambda batch: self._losses(model, batch, whole)
        ):
            assert batch.counts is not None
            total += float(losses.sum())
            symbols += int(batch.counts.sum())
        total, count = ranks.sums(total, float(symbols))
        score = RewriteScore(self.corpus.text.target_unit, total / max(1.0, count))
        if math.isfinite(score.loss):
            most = min(len(numbers), _DECODED, max(1, int(_SYMBOLS / self._mean_symbols)))
            some = numbers[np.linspace(0, len(numbers) - 1, most).astype(int)]
            for number, written in zip(some, self._written(model, some), strict=True):
                score.add(self.examples.targets_of(number).tolist(), [n - 1 for n in written])
        return score

    def _written(self, model: EncoderDecoder, numbers: Numbers) -> list[list[int]]:
        """The symbols that are likeliest for each example, without END."""
        decoder = Decoder(model.settings, model.export())
        found: list[list[int]] = []
        for first in range(0, len(numbers), _TOGETHER):
            some = numbers[first : first + _TOGETHER]
            most = np.full(len(some), 2 * int(self._mean_symbols) + 20)
            texts = search(decoder, self.source(decoder, some), most)
            found += [best.symbols for best, *_ in texts]
        return found

    def source(self, decoder: Decoder, numbers: Numbers) -> Source:
        """What the encoder finds in examples (B,) by number."""
        return decoder.read_texts([self.examples.ids(number) for number in numbers])

    def example(self, model: EncoderDecoder) -> str:
        """Some validation texts and what is written for them, and the true text if another."""
        numbers = self.shown(_SHOWN)
        lines = []
        for number, symbols in zip(numbers, self._written(model, numbers), strict=True):
            text = joined([self.labels[n - 1] for n in symbols], self.corpus.text)
            true = self.true_text(number)
            right = f" (it is {true[:_LONGEST]})" if text != true else ""
            lines.append(f"{self.input_text(number)[:_LONGEST]} -> {text[:_LONGEST]}{right}")
        return valid_unicode("\n".join(lines))

    def input_text(self, number: int) -> str:
        """An example's text, to be shown."""
        return self.text_of(self.examples.ids(number))

    def true_text(self, number: int) -> str:
        """What an example's target is."""
        targets = self.examples.targets_of(number).tolist()
        return joined([self.labels[n] for n in targets], self.corpus.text)
