"""What long work reports. It never prints: it calls `emit(event)`, and whoever listens decides.

The terminal, the plain lines, `--json` and `metrics.jsonl` are functions `(event) -> None`.
Losses are in nats per token; `bits_per_character` is what people are shown.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    def record(self) -> dict[str, Any]:
        """The event as one JSON object; its kind is under `event`."""
        return {"event": type(self).__name__.lower(), **asdict(self)}


Emit = Callable[[Event], None]


@dataclass(frozen=True)
class Progress(Event):
    """`done` of `total` (bytes, as a rule) of the work called `task`."""

    task: str
    done: int
    total: int


@dataclass(frozen=True)
class Prepared(Event):
    """A corpus is ready at `path`. `reused`: it was there already."""

    corpus: str
    path: str
    tokens: int
    vocabulary: int
    reused: bool


@dataclass(frozen=True)
class Started(Event):
    """Training begins, or goes on from `step`."""

    run: str
    path: str
    corpus: str
    tokens: int
    vocabulary: int
    model: str
    parameters: int
    device: str
    precision: str
    lanes: int
    window: int
    step: int


class Point(NamedTuple):
    """A run at a step: seconds since it began, bits per character, and characters a second.

    The rate is None of a validation, in which nothing is trained.
    """

    step: int
    seconds: float
    bits: float
    rate: float | None


@dataclass(frozen=True)
class Curves(Event):
    """What a run has come to so far, in the order of steps."""

    training: list[Point]
    validation: list[Point]

    def record(self) -> dict[str, Any]:
        """The points by the names of their parts."""
        curves = {"training": self.training, "validation": self.validation}
        return {name: [point._asdict() for point in points] for name, points in curves.items()}


@dataclass(frozen=True)
class Planned(Event):
    """The length of the run is settled: `steps` steps."""

    steps: int


@dataclass(frozen=True)
class Stepped(Event):
    """Training after `step` steps; `loss` is the mean since the last report."""

    step: int
    steps: int | None
    loss: float
    bits_per_character: float
    learning_rate: float
    characters_per_second: float
    elapsed: float
    epoch: float


@dataclass(frozen=True)
class Evaluated(Event):
    """The validation loss of the averaged weights. `best`: the lowest so far."""

    step: int
    loss: float
    bits_per_character: float
    best: bool
    elapsed: float


@dataclass(frozen=True)
class Sampled(Event):
    """A text that the model wrote after `step` steps."""

    step: int
    text: str


@dataclass(frozen=True)
class Saved(Event):
    """Everything needed to go on from `step` is on disk."""

    step: int
    path: str


@dataclass(frozen=True)
class Noticed(Event):
    """Something a person should know: a setting that was adapted, say."""

    message: str


@dataclass(frozen=True)
class Finished(Event):
    """Training ended after `step` steps. `loss` is the best validation loss, None without one."""

    run: str
    step: int
    loss: float | None
    bits_per_character: float | None
    seconds: float
    interrupted: bool
