"""What an output promises: how targets of examples are stored, learned, predicted and scored."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.arrays import Array
from charrnn.cells.parameters import Parameters
from charrnn.events import Unit
from charrnn.inference.decoding import GREEDY, Decoding
from charrnn.settings import FormatName, ModelSettings, TextSettings
from charrnn.tasks.base import Batch, ExampleScore, Subject
from charrnn.tasks.examples import Ids, Indices, Ragged
from charrnn.tasks.inputs.base import Input
from charrnn.text.example_columns import MalformedError, Record
from charrnn.text.examples import Lines

_LONGEST = 60  # characters of a source, a prediction or a target that are shown


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

    def __init__(self, encoder: Any, head: Any) -> None:
        self.encoder, self.head = encoder, head

    @property
    def dropout_sizes(self) -> list[int]:
        """The number of outputs that dropout may drop, by layer, first the encoder's.

        A network that reads pictures has no dropout at all, not even in its decoder.
        """
        of_encoder = self.encoder.dropout_sizes
        return [*of_encoder, *self.head.dropout_sizes] if of_encoder else []

    def encode(
        self, batch: Batch, masks: Sequence[Array] = ()
    ) -> tuple[Array, Array, Sequence[Array]]:
        """Outputs (S, B, F), their mask (S, B), and the dropout masks that the head may use."""
        layers = len(self.encoder.dropout_sizes)
        outputs, mask = self.encoder.encode(batch.inputs, batch.lengths, masks[:layers])
        return outputs, mask, masks[layers:]


class Computed(NamedTuple):
    """What a score needs of a batch: the network, and NumPy arrays, logits or losses."""

    network: ExampleNetwork
    batch: Batch
    arrays: tuple[Any, ...]


class Asked(NamedTuple):
    """The examples of a batch (B) that something is predicted of, and how.

    `items` as they are stored, `texts` as a person named them. `generators`: random numbers for
    each, where the decoding draws.
    """

    items: Sequence[Ids]
    texts: Sequence[str] = ()
    decoding: Decoding = GREEDY
    generators: Sequence[np.random.Generator] = ()


class Output(ABC):
    """What is predicted of an example. `names`: the target vocabulary (K)."""

    unit: Unit
    """What is predicted: people see bits per unit."""
    head: ClassVar[type[Any]]
    """The class of its head, which takes settings and weights."""
    counted: ClassVar[str]
    """What messages call the members of its target vocabulary."""
    tokens_per_parameter: ClassVar[float] = 7.0
    """As a task's."""
    batch_axis: ClassVar[int] = 1
    """The axis of a batch's `targets` that counts examples."""
    options: ClassVar[tuple[str, ...]] = ()
    """The fields of a `Decoding` that its predictions follow."""

    def __init__(self, subject: Subject, source: Input) -> None:
        self.subject, self.input = subject, source
        self.names = subject.target_vocabulary
        self.between = self.separator(subject.text) or ""
        """What stands between the names of targets in a line."""
        self.mean_length, self.most = 1.0, 1
        """Targets of a training example."""
        self.ctc_frames = 1
        """Frames of a position that suit them, where an output has frames."""

    @staticmethod
    @abstractmethod
    def lines(settings: TextSettings, source: Input) -> Lines:
        """How examples with such inputs stand in files. UsageError for settings that do not fit."""

    @staticmethod
    def separator(settings: TextSettings) -> str | None:  # noqa: ARG004
        """What stands between tokens of which each has a target; None where none has."""
        return None

    def measure(
        self,
        targets: Ragged,
        examples: range,
        positions: Indices,  # noqa: ARG002
    ) -> None:
        """Take note of the targets of the training examples, which have so many positions (N,)."""
        lengths = targets.lengths(examples)
        self.mean_length, self.most = float(lengths.mean()), int(lengths.max())

    def doubts(self, model: ModelSettings) -> Sequence[str]:  # noqa: ARG002
        """What makes training examples useless for a network of these settings, in sentences."""
        return ()

    @property
    def most_written(self) -> int:
        """Examples that a validation writes something for."""
        return 0

    def balance(self, targets: NDArray[np.integer[Any]], examples: int) -> None:  # noqa: B027
        """Let rare targets count as much as frequent ones, by all (M,) of training examples.

        Nothing, where `--class-weights` has no effect.
        """

    @property
    @abstractmethod
    def uniform_loss(self) -> float:
        """The loss, in nats, of a guess among all targets."""

    def longest_share(self, model: ModelSettings) -> float:  # noqa: ARG002
        """A guess's loss on the longest example, divided by that on one of mean length."""
        return self.most / self.mean_length

    def parameters(self, model: ModelSettings) -> Parameters:
        """The head's parameters."""
        parameters: Parameters = self.head.parameters(model, len(self.names))
        return parameters

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
    def score(self, evaluated: Iterable[Computed], names: Sequence[str]) -> ExampleScore:
        """The score of all batches, whose targets are indices of these names.

        They begin with the target vocabulary. A target that is not in it is wrong, and without a
        loss.
        """

    @abstractmethod
    def losses(self, computed: Computed) -> NDArray[np.floating[Any]]:
        """The loss (B,) of each example, in nats; infinite where the model lacks a target."""

    def count_written(  # noqa: B027
        self, score: Any, network: ExampleNetwork, batch: Batch, asked: Asked
    ) -> None:
        """Write something for each example of a batch, in NumPy, and count it in a score.

        Nothing, where an output writes nothing.
        """

    @abstractmethod
    def predict(self, network: ExampleNetwork, batch: Batch, asked: Asked) -> Iterator[Prediction]:
        """The prediction for each example of a batch, in NumPy."""

    def formatted(self, prediction: Any, name: FormatName | None) -> str:  # noqa: ARG002
        """A `Prediction` as files of that format have it, or in one line."""
        line: str = prediction.line
        return line

    def text_read(self, text: str) -> str:
        """What is read of a text: empty where there is nothing to predict of it."""
        return text

    def written(self, targets: Sequence[str], prediction: Any) -> str:  # noqa: ARG002
        """True targets as the line of a `Prediction` that is right."""
        return self.between.join(targets)

    def shown(self, source: str, prediction: Any, target: Ids) -> str:
        """A source and its `Prediction` in a line, and the target where that differs."""
        true = self.written([self.names[number] for number in target.tolist()], prediction)
        right = f" (it is {true[:_LONGEST]})" if prediction.line != true else ""
        return f"{source[:_LONGEST]} -> {prediction.line[:_LONGEST]}{right}"


def pairs(records: Iterable[Record], names: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """The lines and the two columns of records that are not blank.

    Raises MalformedError where a column is missing: `names` are what it calls them.
    """
    for line, columns in records:
        if not columns:
            continue
        if len(columns) < len(names):
            raise MalformedError(line, f"has no tab and no {names[1]}")
        first, second = columns
        if not (first and second):
            raise MalformedError(line, f"has no {names[1] if first else names[0]}")
        yield line, first, second
