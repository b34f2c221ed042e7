"""The language model: text that continues. Each token is predicted from all tokens before it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from charrnn.cells.arrays import Array, mean_cross_entropy
from charrnn.cells.parameters import EMBEDDING, HEAD, Parameters
from charrnn.events import Scores
from charrnn.inference.sampling import sample
from charrnn.network.language_model import LanguageModel
from charrnn.network.layers import State
from charrnn.settings import ModelSettings, SampleSettings, TrainSettings
from charrnn.tasks.base import Batch, Subject, Task
from charrnn.tasks.inputs.text_batches import TextBatches, resolve_batch
from charrnn.text.corpus import Corpus, Tokens
from charrnn.text.tokenizers import Tokenizer

_PIECES = 16  # of a validation part
_SAMPLE = SampleSettings(length=400, temp=0.8, seed=1)


class LanguageModelTask(Task):
    """Predicts the next token of a text."""

    protocol = "stream"
    small_overfits_less = True
    few_steps = 500.0
    parameters_per_token = 12.0
    tokens_per_parameter = 10.0  # from 3 to 40 were best for some text and time: see RECIPE.md

    def __init__(self, model: ModelSettings, subject: Subject) -> None:
        super().__init__(model, subject)
        self.unit = subject.tokenizer.unit
        if self.unit == "number":  # series are short, and tell more than frequencies of letters
            self.tokens_per_parameter, self.most_epochs = 1.5, 150.0
            self.parameters_per_token, self.few_steps = 100.0, math.inf
        self._characters, self._bytes = 1.0, 1.0
        if isinstance(subject, Corpus):
            lengths = lengths_per_token(subject.part("train"), subject.tokenizer)
            self._characters, self._bytes = lengths

    @property
    def corpus(self) -> Corpus:
        """What it learns from."""
        assert isinstance(self.subject, Corpus)
        return self.subject

    def parameters(self, model: ModelSettings) -> Parameters:
        parameters = LanguageModel.parameters(model, self.subject.tokenizer.size)
        ordered = self.subject.tokenizer.ordered
        return {
            name: each._replace(ordered=ordered) if each.group in (EMBEDDING, HEAD) else each
            for name, each in parameters.items()
        }

    def network(self, model: ModelSettings, weights: Mapping[str, Array]) -> LanguageModel:
        return LanguageModel(model, weights)

    def zero_state(self, network: LanguageModel, batch_size: int) -> State:
        return network.zero_state(batch_size)

    @property
    def training_tokens(self) -> int:
        return len(self.corpus.part("train"))

    @property
    def characters_per_token(self) -> float:
        return self._characters

    @property
    def uniform_loss(self) -> float:
        return math.log(self.subject.tokenizer.size)

    def resolve_batch(self, settings: TrainSettings) -> tuple[int, int]:
        return resolve_batch(self.training_tokens, settings.batch_size, settings.seq_length)

    def batches(self, settings: TrainSettings, part: slice) -> TextBatches:
        batch_size, seq_length = self.resolve_batch(settings)
        return TextBatches(
            self.corpus.part("train"), self.subject.tokenizer.size, batch_size, seq_length,
            settings.seed, part,
        )  # fmt: skip

    def sliced(self, batch: Batch, part: slice) -> Batch:
        return Batch(batch.inputs[:, part], batch.targets[:, part])

    def loss(
        self, network: LanguageModel, batch: Batch, state: State, masks: Sequence[Array]
    ) -> tuple[Array, State]:
        """Inputs and targets of the batch are (T, B), the state (B, H) per array of a layer."""
        logits, after = network.forward(batch.inputs, state, masks)
        return mean_cross_entropy(logits, batch.targets), after

    def training_scores(self, loss: float) -> Scores:
        bits = loss / math.log(2)
        if self.unit == "number":
            return {"bits_per_number": bits}
        return {
            "bits_per_character": bits / self._characters,
            "bits_per_byte": bits / self._bytes,
        }

    def validation(self, most: int) -> Tokens:
        """Tokens (N,) of the validation part: all, or pieces of as many in all, spread over it.

        The first ones alone may be easier or harder than the rest, by more than a network gains in
        an hour. The pieces are read one after the other, so the few tokens after a join cost more.
        """
        part, size = self.corpus.part("valid"), -(-most // _PIECES)
        if len(part) <= most:
            return part
        starts = np.linspace(0, len(part) - size, _PIECES).astype(np.int64)
        return np.concatenate([part[start : start + size] for start in starts])[:most]

    def validation_tokens(self, most: int) -> int:
        tokens = min(most, len(self.corpus.part("valid")))
        return tokens if tokens > 1 else 0

    def example(self, weights: Mapping[str, Array]) -> str:
        """A text that it writes."""
        network = LanguageModel(self.model, weights)
        return "".join(sample(network, self.subject.tokenizer, _SAMPLE))


def lengths_per_token(tokens: Tokens, tokenizer: Tokenizer) -> tuple[float, float]:
    """(characters, bytes) that a token stands for on average, in the beginning of a text (N,)."""
    counts = np.bincount(tokens[: 1 << 20], minlength=tokenizer.size)
    counts = counts[: tokenizer.size]  # a damaged corpus may hold others; training reports it
    characters, sizes = tokenizer.lengths
    total = max(1, int(counts.sum()))
    return max(int(counts @ characters) / total, 1e-9), max(int(counts @ sizes) / total, 1e-9)
