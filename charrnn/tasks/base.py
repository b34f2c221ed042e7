"""What a task promises to the training loop, and what everything else knows of it.

A task belongs to a corpus, or to the checkpoint of a model that was trained on one. It computes on
arrays of any library: torch's in training, NumPy's in prediction.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.events import Scores, Unit
from charrnn.network.layers import State
from charrnn.settings import (
    LEARNING_RATES,
    ModelSettings,
    OptimizerName,
    TextSettings,
    TrainSettings,
)
from charrnn.tables import Table
from charrnn.text.tokenizers import Tokenizer

Scale = tuple[tuple[float, float], ...]
"""The mean and the standard deviation of each feature of frames; nothing where they are stored
as they are."""


class Least(NamedTuple):
    """The hidden units and the steps that a network needs, however little it learns from."""

    hidden_size: int = 1
    steps: int = 0


class Subject(Protocol):
    """A corpus, or a model's checkpoint: what is read, and what can be predicted of it."""

    @property
    def tokenizer(self) -> Tokenizer: ...
    @property
    def text(self) -> TextSettings: ...
    @property
    def target_vocabulary(self) -> tuple[str, ...]: ...
    @property
    def input_shape(self) -> tuple[int, ...]: ...
    @property
    def input_scale(self) -> Scale: ...


class Batch(NamedTuple):
    """B sequences and their targets: each field is an array, or None where a task has none.

    `inputs` (T, B) of texts, (T, B, ...) of frames, (B, ...) of pictures; `lengths` (B,): tokens of
    each text, or frames of each clip; `targets` (T, B), or (B, ...) of labels; `target_lengths`
    (B,); `spans` (2, N, B): the first and the last token of each tagged word; `weights`: how much
    each loss counts.
    """

    inputs: Array
    targets: Array
    lengths: Array = None
    target_lengths: Array = None
    spans: Array = None
    weights: Array = None


Piece = tuple[slice, Batch]
"""Some sequences of a batch: which they are, and the batch of them alone."""


class Batches(ABC):
    """The batches of a training part. Their position (epoch, step) is all that resuming needs."""

    batch_size: int
    seq_length: int
    epoch: int
    step: int

    @property
    @abstractmethod
    def per_epoch(self) -> int:
        """Batches until everything has been read once."""

    @property
    def epochs(self) -> float:
        """How often everything has been read."""
        return self.epoch + self.step / self.per_epoch

    @abstractmethod
    def next(self) -> Batch:
        """The next batch, as NumPy arrays. TextError if the corpus is damaged."""

    def next_pieces(self) -> list[Piece]:
        """The next batch in pieces, more than one where padding would make it too large."""
        return [(slice(None), self.next())]


class Network(Protocol):
    """A network that a task has made of weights."""

    @property
    def dropout_sizes(self) -> Sequence[int]:
        """The number of outputs that dropout may drop, by layer."""
        ...


class Score(Protocol):
    """How well a network predicts: the mean loss in nats, and named figures.

    The first of them is the task's own, the last one bits per unit.
    """

    @property
    def loss(self) -> float: ...
    @property
    def scores(self) -> Scores: ...


class ExampleScore(Score, Protocol):
    """The score of predictions for examples: what was counted, as JSON has it and as tables."""

    def details(self) -> dict[str, Any]:
        """The counts by name."""
        ...

    def tables(self) -> list[Table]:
        """The counts as people see them."""
        ...


class Task(ABC):
    """What a network is trained for."""

    unit: Unit
    """What is predicted: people see bits per unit."""
    least = Least()
    ctc_frames = 1
    """Frames of a position that suit the training part, where a network has such."""
    protocol = ""
    """How a part is scored, where that can be done in several ways."""
    tokens_per_parameter = 7.0
    """Tokens that a network should read in training, for each of its parameters."""
    most_epochs = 60.0
    """Epochs of a small corpus, where no length is asked for."""
    small_overfits_less = False
    """Whether a network with fewer parameters than there are tokens overfits less."""
    parameters_per_token = 8.0
    """The largest network that is chosen, for each token to learn from."""

    sizes: Mapping[str, Any] = {}
    """Settings that are others than usual, where they are not given."""
    few_steps = math.inf
    """A run of more steps has a lower learning rate, where Muon is the optimizer."""
    learning_rates: Mapping[OptimizerName, float] = LEARNING_RATES
    """That of each optimizer where none is given."""

    def __init__(self, model: ModelSettings, subject: Subject) -> None:
        self.model, self.subject = model, subject

    @abstractmethod
    def parameters(self, model: ModelSettings) -> Parameters:
        """The parameters of a network of these settings."""

    @abstractmethod
    def network(self, model: ModelSettings, weights: Mapping[str, Array]) -> Any:
        """The network of these settings and weights."""

    def zero_state(self, network: Any, batch_size: int) -> State:  # noqa: ARG002  (of the language model)
        """The state before the first batch: empty where no batch continues the one before it."""
        return ()

    @property
    def counted(self) -> tuple[int, str]:
        """How much there is to learn from, as people count it: tokens, frames or pictures."""
        return self.training_tokens, "token"

    @property
    def characters_per_token(self) -> float:
        """Characters, or frames or pictures where those are counted, in a token."""
        return self.counted[0] / self.training_tokens

    def doubts(self) -> Sequence[str]:
        """What makes parts of a corpus useless for the network, in sentences."""
        return ()

    @property
    @abstractmethod
    def training_tokens(self) -> int:
        """Tokens to learn from."""

    @property
    @abstractmethod
    def uniform_loss(self) -> float:
        """The loss, in nats, of a guess among all that can be predicted."""

    @property
    def largest_loss(self) -> float:
        """The largest loss of a batch, in nats, that a network is trained on."""
        return self.uniform_loss + 20

    @abstractmethod
    def resolve_batch(self, settings: TrainSettings) -> tuple[int, int]:
        """(Batch size, sequence length), lowered where there is too little for them.

        Where sequences differ, their mean length.
        """

    @abstractmethod
    def batches(self, settings: TrainSettings, part: slice) -> Batches:
        """The batches of the training part, of which a process reads its `part` of the sequences.

        TextError from `next` if the corpus is damaged.
        """

    @abstractmethod
    def sliced(self, batch: Batch, part: slice) -> Batch:
        """Some of a batch's sequences."""

    @abstractmethod
    def loss(
        self, network: Any, batch: Batch, state: State, masks: Sequence[Array]
    ) -> tuple[Array, State]:
        """The mean loss of a batch, in nats, and the state after it. `masks` (1, B, F) drop."""

    @abstractmethod
    def training_scores(self, loss: float) -> Scores:
        """What people see of a mean training loss."""

    @abstractmethod
    def validation_tokens(self, most: int) -> int:
        """Tokens of the validation part that are scored, if `most` may be. 0: there is none."""

    @abstractmethod
    def example(self, weights: Mapping[str, Array]) -> str:
        """What a network of NumPy weights makes of something. DivergedError if it makes nothing."""
