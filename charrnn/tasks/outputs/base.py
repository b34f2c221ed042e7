"""What an output promises, and how predictions are asked for and shown."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.errors import UsageError
from charrnn.events import Scores, Unit
from charrnn.network.picture_encoder import PictureEncoder
from charrnn.network.text_encoder import TextEncoder
from charrnn.settings import ModelSettings, TextSettings, no_effect
from charrnn.tasks.base import Batch, ExampleScore, Subject
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.tasks.inputs.picture import PictureInput, PictureItems
from charrnn.tasks.inputs.text import TextInput, TextItems
from charrnn.text.examples import Lines, MalformedError

UNKNOWN = -1
"""The number of a target that a model does not have: it is wrong, and without a loss."""


@dataclass(frozen=True)
class Decoding:
    """How sequences are written: the likeliest of `beam`, or drawn at a temperature above 0.

    UsageError for values out of bounds.
    """

    beam: int = 1
    temp: float = 0.0
    seed: int | None = None
    max_length: int | None = None
    """Symbols that a sequence may have."""
    skipped: int = 0
    """Examples before the first one: what is drawn for one follows from the seed and its number."""

    def __post_init__(self) -> None:
        if self.beam < 1 or (self.max_length is not None and self.max_length < 1):
            raise UsageError("a beam and a length are 1 or more", "Take a larger one.")
        if not 0 <= self.temp < math.inf:
            raise UsageError(f"{self.temp} is not a temperature", "Take 0 or more.")
        if self.beam > 1 and self.temp > 0:
            raise UsageError(
                "--beam searches for the likeliest text, and --temp draws one",
                "Leave one of them out.",
            )
        if self.seed is not None and not self.temp:
            raise no_effect("seed", "--temp 0", "give --temp 1, too")

    @property
    def given(self) -> list[str]:
        """Options that differ from their defaults."""
        names = ("beam", "temp", "seed", "max_length")
        return [name for name in names if getattr(self, name) != getattr(Decoding, name)]

    def generators(self, count: int) -> list[np.random.Generator]:
        """Random numbers for each of so many sequences."""
        if self.seed is None:
            return [np.random.default_rng() for _ in range(count)]
        return [np.random.default_rng([self.seed, self.skipped + n]) for n in range(count)]


GREEDY = Decoding()


def check_columns(number: int, columns: Mapping[str, Sequence[str]], has_tab: object) -> None:
    """Raise MalformedError where the tab or a column of a line is missing."""
    if not has_tab:
        raise MalformedError(number, "has no tab")
    for name, value in columns.items():
        if not value:
            raise MalformedError(number, f"has no {name}")


class Prediction(Protocol):
    """What is predicted of one example."""

    @property
    def line(self) -> str:
        """It in one line."""
        ...

    def record(self) -> dict[str, Any]:
        """It as JSON has it."""
        ...


class ExampleNetwork:
    """The network of a task on examples: an encoder of the input, a head for the output."""

    def __init__(self, encoder: TextEncoder | PictureEncoder, head: Any) -> None:
        self.encoder, self.head = encoder, head

    @property
    def dropout_sizes(self) -> list[int]:
        """The number of outputs that dropout may drop, by layer; none where it reads pictures."""
        read = [*self.encoder.dropout_sizes]
        return [*read, *getattr(self.head, "dropout_sizes", ())] if read else []

    def encode(
        self, batch: Batch, masks: Sequence[Array] = ()
    ) -> tuple[Array, Array, Sequence[Array]]:
        """Outputs (S, B, F), their mask (S, B), and the dropout masks that the head may use."""
        read = len(self.encoder.dropout_sizes)
        outputs, mask = self.encoder.encode(batch.inputs, batch.lengths, masks[:read])
        return outputs, mask, masks[read:]


class Evaluated(NamedTuple):
    """What a score needs of a batch: the network, and NumPy arrays, logits or losses."""

    network: "ExampleNetwork"
    batch: Batch
    arrays: tuple[Any, ...]


class Asked(NamedTuple):
    """Examples of a batch (B) as a person named them, as they are read, and how to write.

    `generators`: the random numbers of each, where the decoding draws.
    """

    texts: Sequence[str]
    items: Sequence[Ids]
    reader: TextInput | PictureInput
    decoding: Decoding = GREEDY
    generators: Sequence[np.random.Generator] = ()

    @property
    def longest(self) -> Indices:
        """Symbols that may be written for each example (B,)."""
        most = self.decoding.max_length
        return np.array([most or self.reader.longest(item) for item in self.items], np.int64)


class Output(ABC):
    """What is predicted of an example."""

    unit: Unit
    counted: ClassVar[str]
    """What messages call the members of its target vocabulary."""
    tokens_per_parameter: ClassVar[float] = 7.0
    batch_axis: ClassVar[int] = 1
    writes: ClassVar[bool] = False
    """Whether it is written symbol by symbol, as a `Decoding` says."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.names = subject.target_vocabulary
        self.mean_length, self.most = 1.0, 1
        """Targets of a training example."""

    def measure(self, lengths: Indices) -> None:
        """Take note of the number of targets (N,) of each training example."""
        self.mean_length, self.most = float(lengths.mean()), int(lengths.max())

    @property
    @abstractmethod
    def uniform_loss(self) -> float:
        """The loss, in nats, of a guess among all targets."""

    @staticmethod
    @abstractmethod
    def lines(settings: TextSettings, items: type[TextItems] | type[PictureItems]) -> Lines:
        """How examples stand in files, where their inputs are such items.

        UsageError for settings that do not fit.
        """

    @staticmethod
    def between(settings: TextSettings) -> str | None:  # noqa: ARG004
        """What stands between texts whose characters keep their positions; None: they do not."""
        return None

    @abstractmethod
    def parameters(self, model: ModelSettings) -> Parameters:
        """The head's parameters."""

    @abstractmethod
    def head(self, model: ModelSettings, weights: Mapping[str, Array]) -> Any:
        """The head of these settings and weights."""

    @abstractmethod
    def collate(
        self, targets: Ragged, indices: Indices, inputs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Targets as fields of a `Batch` whose inputs are these."""

    def tokens(self, targets: Ragged, indices: Indices | range) -> Indices:  # noqa: ARG002
        """Symbols that are written for each example (N,)."""
        return np.zeros(len(indices), np.int64)

    @abstractmethod
    def loss(self, network: ExampleNetwork, batch: Batch, masks: Sequence[Array]) -> Array:
        """The mean loss of a batch, in nats."""

    @abstractmethod
    def evaluate(self, network: ExampleNetwork, batch: Batch) -> tuple[Array, ...]:
        """The logits or losses that a score needs of a batch."""

    @abstractmethod
    def score(self, evaluated: Iterable[Evaluated]) -> ExampleScore:
        """The score of all batches."""

    def count_written(  # noqa: B027  (nothing to count where an output writes nothing)
        self, score: Any, network: ExampleNetwork, batch: Batch, asked: "Asked"
    ) -> None:
        """Write something for each example of a batch, in NumPy, and count it in a score.

        Nothing, where an output writes nothing.
        """

    @abstractmethod
    def predict(self, network: ExampleNetwork, batch: Batch, asked: "Asked") -> list[Prediction]:
        """The prediction for each example of a batch, in NumPy."""

    def source(self, text: str) -> str:
        """The text as it is read: empty where there is nothing to predict of it."""
        return text

    @abstractmethod
    def true_line(self, target: Ids) -> str:
        """A target as a prediction's line would show it."""

    def training_scores(self, loss: float) -> Scores:
        """What people see of a mean training loss."""
        return {f"bits_per_{self.unit}": loss / math.log(2)}
