"""What trained models promise that predict something of a whole text or picture."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import UsageError
from charrnn.settings import UnknownName, flag
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tables import Table
from charrnn.text.unknown import known_text

UNKNOWN = -1
"""The number of a target that a model does not have."""
Ids = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Decoding:
    """How texts are written: the likeliest of `beam`, or drawn at a temperature above 0.

    UsageError for values that cannot be.
    """

    beam: int = 1
    temp: float = 0.0
    seed: int | None = None
    max_length: int | None = None
    """Symbols that a text may have."""
    skipped: int = 0
    """Texts before the first one. What is drawn for a text follows from the seed and its number."""

    def __post_init__(self) -> None:
        if self.beam < 1 or (self.max_length is not None and self.max_length < 1):
            raise UsageError("a beam and a length are 1 or more", "Take a larger one.")
        if not 0 <= self.temp < math.inf:
            raise UsageError(f"a temperature of {self.temp} cannot be", "Take 0 or more.")
        if self.beam > 1 and self.temp > 0:
            raise UsageError(
                "--beam searches for the likeliest text, and --temp draws one",
                "Leave one of them out.",
            )
        if self.seed is not None and not self.temp:
            raise UsageError("--seed has no effect: nothing is drawn", "Give --temp 1, too.")

    @property
    def given(self) -> list[str]:
        """The names of what is not as it is by itself."""
        names = ("beam", "temp", "seed", "max_length")
        return [name for name in names if getattr(self, name) != getattr(Decoding, name)]

    def generators(self, count: int) -> list[np.random.Generator]:
        """A source of chance for each of so many texts."""
        if self.seed is None:
            return [np.random.default_rng() for _ in range(count)]
        return [np.random.default_rng([self.seed, self.skipped + n]) for n in range(count)]


GREEDY = Decoding()


class Prediction(Protocol):
    """What is predicted of one text or picture."""

    @property
    def line(self) -> str:
        """It in one line."""
        ...

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        ...


class TaskScore(Protocol):
    """How well examples are predicted: the mean loss in nats, and what people see."""

    @property
    def loss(self) -> float: ...

    @property
    def scores(self) -> Mapping[str, float]: ...

    def details(self, labels: Sequence[str]) -> dict[str, Any]:
        """What else JSON has of it."""
        ...

    def tables(self, labels: Sequence[str]) -> Sequence[Table]:
        """What people see of it."""
        ...


class TaskModel(ABC):
    """A trained model of another task than the language model: what `charrnn.load` gives."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def __repr__(self) -> str:
        model = self.checkpoint.model
        about = f"{model.task}, {len(self.labels)} {self.counted}, {model.cell} {model.size}"
        return f"<charrnn model {self.checkpoint.run}: {about}>"

    counted: str = "labels"

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can predict: labels, tags or symbols."""
        return self.checkpoint.labels

    @abstractmethod
    def predict(
        self, texts: Iterable[str], unknown: UnknownName = "skip", decoding: Decoding = GREEDY
    ) -> Sequence[Prediction]:
        """What is predicted of each text, or of the picture of that name.

        `unknown` says what becomes of characters that the vocabulary lacks: TextError with "error".
        UsageError for a `decoding` where nothing is written.
        """

    @abstractmethod
    def score(
        self, inputs: Sequence[Ids], targets: Sequence[Ids], decoding: Decoding = GREEDY
    ) -> TaskScore:
        """How well the targets of examples (N,) are predicted, given by their numbers.

        -1 is a target that the model does not have: it is wrong, and without a loss.
        """

    def input_of(self, text: str, unknown: UnknownName = "skip") -> Ids:
        """What the network reads of a text: its ids (T,), at least one.

        A text of which nothing is left is read as one arbitrary token. TextError as `predict`.
        """
        tokenizer = self.checkpoint.tokenizer
        text, _ = known_text(text, tokenizer, unknown)
        return tokenizer.encode(text) if text else np.zeros(1, np.uint8)


def listed(texts: Iterable[str]) -> list[str]:
    """Texts as a list. UsageError for one text that is not in a list."""
    if isinstance(texts, str):
        raise UsageError("predict takes a list of texts", 'Put the text into one: ["..."].')
    return [*texts]


def check_no_decoding(decoding: Decoding, checkpoint: Checkpoint) -> None:
    """Raise UsageError where a way to write texts is asked for, and none is written."""
    for name in decoding.given:
        raise UsageError(
            f"{flag(name)} has no effect: run {checkpoint.run} writes no text",
            f"Leave {flag(name)} out.",
        )
