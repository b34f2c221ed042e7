"""The language model: text that goes on. Each token is predicted from all tokens before it."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.evaluation.loss import evaluate
from charrnn.events import Scores, Unit
from charrnn.inference.network import Network
from charrnn.inference.sampling import sample
from charrnn.inference.score import Score, lengths_per_token
from charrnn.network.model import CharRNN
from charrnn.network.ranks import Ranks
from charrnn.network.state import State, slice_state
from charrnn.settings import ModelSettings, SampleSettings, TrainSettings
from charrnn.tasks.base import Batch, Task
from charrnn.tasks.text_batches import TextBatches, copy_to_gpu, fit_batch
from charrnn.text.corpus import Corpus, Tokens

_SAMPLE = SampleSettings(length=400, temp=0.8, seed=1)


class LanguageModel(Task[CharRNN]):
    """Predicts the next token of a text."""

    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus)
        self.unit: Unit = "byte" if corpus.text.tokenizer == "byte" else "character"
        self._characters, self._bytes = lengths_per_token(corpus.part("train"), corpus.tokenizer)

    @property
    def training_tokens(self) -> int:
        return len(self.corpus.part("train"))

    @property
    def characters_per_token(self) -> float:
        return self._characters

    @property
    def uniform_loss(self) -> float:
        return math.log(self.corpus.tokenizer.size)

    def fit(self, settings: TrainSettings) -> tuple[int, int]:
        return fit_batch(self.training_tokens, settings.batch_size, settings.seq_length)

    def network(self, model: ModelSettings) -> CharRNN:
        return CharRNN(model, self.corpus.tokenizer.size)

    def zero_state(self, model: CharRNN, batch_size: int) -> State:
        return model.zero_state(batch_size)

    def batches(self, settings: TrainSettings, ranks: Ranks, device: torch.device) -> TextBatches:
        vocabulary_size, tokens = self.corpus.tokenizer.size, self.corpus.part("train")
        batch_size, seq_length = self.fit(settings)
        return TextBatches(
            copy_to_gpu(tokens, vocabulary_size, device), vocabulary_size, batch_size, seq_length,
            settings.seed, settings.state_reset, ranks.part(batch_size), device,
        )  # fmt: skip

    def loss(
        self, model: CharRNN, batch: Batch, part: slice, masks: Sequence[Tensor]
    ) -> tuple[Tensor, State]:
        """Inputs and targets of the batch are (T, B), masks (1, B, H) of this part."""
        logits, after = model(batch.inputs[:, part], slice_state(batch.state, part), masks)
        loss = F.cross_entropy(logits.flatten(0, 1), batch.targets[:, part].flatten())
        return loss, after

    def training_scores(self, loss: float) -> Scores:
        bits = loss / math.log(2)
        return {
            "bits_per_character": bits / self._characters,
            "bits_per_byte": bits / self._bytes,
        }

    def validation_tokens(self, most: int) -> int:
        tokens = len(self._validation(most))
        return tokens if tokens > 1 else 0

    def evaluate(
        self, model: CharRNN, most_tokens: int, *, bf16: bool, ranks: Ranks
    ) -> Score | None:
        tokens = self._validation(most_tokens)
        if len(tokens) < 2:
            return None
        return evaluate(model, tokens, self.corpus.tokenizer, bf16=bf16, ranks=ranks)

    def _validation(self, most: int) -> Tokens:
        return self.corpus.part("valid")[:most]

    def example(self, model: CharRNN) -> str:
        """A text that it writes."""
        network = Network(model.settings, model.export())
        return "".join(sample(network, self.corpus.tokenizer, _SAMPLE))
