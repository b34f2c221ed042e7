"""What a task promises to the training loop."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from charrnn.events import Scores, Unit
from charrnn.network.ranks import Ranks
from charrnn.network.recurrent import RecurrentNetwork
from charrnn.network.state import State
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.storage.layout import Sizes
from charrnn.text.corpus import Corpus

N = TypeVar("N", bound=RecurrentNetwork)


class Batch(NamedTuple):
    """The inputs of B sequences (T, B), what the network should predict, and their state.

    `lengths` (B,) are the tokens of each where they differ, `counts` (B,) its targets; the rest of
    its column is padding. `places` (2, S, B): where each of its tokens that have targets begins
    and ends. `weights`: how much each loss counts. Of a task with other inputs its network says
    what they are.
    """

    inputs: Tensor
    targets: Tensor
    state: State
    lengths: Tensor | None = None
    counts: Tensor | None = None
    places: Tensor | None = None
    weights: Tensor | None = None


class Batches(Protocol):
    """The batches of a training text. Their position (epoch, step) is all that resuming needs."""

    batch_size: int
    seq_length: int
    epoch: int
    step: int

    @property
    def per_epoch(self) -> int:
        """Batches until everything has been read once."""
        ...

    @property
    def epochs(self) -> float:
        """How often everything has been read."""
        ...

    def next(self, state: State) -> Batch:
        """The next batch, and the state of its sequences, which ended the last one in `state`."""
        ...


class Score(Protocol):
    """How well a network predicts: the mean loss, in nats, and what people see."""

    @property
    def loss(self) -> float: ...

    @property
    def scores(self) -> Scores: ...


class Task(ABC, Generic[N]):
    """What a network is trained for, on a corpus."""

    unit: Unit
    """What is predicted: people see bits per unit."""

    tokens_per_parameter: ClassVar[float] = 7.0
    """Read in a run that makes the best of its time."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    @property
    def labels(self) -> tuple[str, ...]:
        """What can be predicted, where that is not the vocabulary."""
        return ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input, where that is not a text."""
        return ()

    @property
    def sizes(self) -> Sizes:
        """What the sizes of a network depend on beside its settings."""
        return self.corpus.tokenizer.size, len(self.labels) or None, self.input_shape

    @property
    def characters_per_token(self) -> float:
        """Characters, or whatever else people count, in a token that is read."""
        return 1.0

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
    def fit(self, settings: TrainSettings) -> tuple[int, int]:
        """(Batch size, sequence length), lowered where there is too little for them.

        Where sequences differ, their mean length.
        """

    @abstractmethod
    def network(self, model: ModelSettings) -> N:
        """A new network."""

    def zero_state(self, model: N, batch_size: int) -> State:  # noqa: ARG002  (of the language model)
        """The state before the first batch: empty, where no batch continues the one before it."""
        return ()

    @abstractmethod
    def batches(self, settings: TrainSettings, ranks: Ranks, device: torch.device) -> Batches:
        """The batches of the training part, of which each rank gets its sequences."""

    @abstractmethod
    def loss(
        self, model: N, batch: Batch, part: slice, masks: Sequence[Tensor]
    ) -> tuple[Tensor, State]:
        """The mean loss, in nats, of a part of a batch's sequences, and their state after it."""

    @abstractmethod
    def training_scores(self, loss: float) -> Scores:
        """What people see of a mean training loss."""

    @abstractmethod
    def validation_tokens(self, most: int) -> int:
        """Tokens of the validation part that `evaluate` reads, if it may read so many. 0: none."""

    @abstractmethod
    def evaluate(self, model: N, most_tokens: int, *, bf16: bool, ranks: Ranks) -> Score | None:
        """The score on the validation part; None without one."""

    @abstractmethod
    def example(self, model: N) -> str:
        """What the network makes of something, to be shown. DivergedError if it makes nothing."""


AnyTask = Task[Any]
