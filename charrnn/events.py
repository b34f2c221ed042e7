"""What long work reports. It never prints: it calls `emit(event)`, and whoever listens decides.

The dashboard, the plain log, `--json` and `metrics.jsonl` are functions `(event) -> None`.
Losses are in nats per token. People are shown bits per character, or bits per byte where the
tokens are bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

Unit = Literal["character", "byte", "number", "label", "tag", "symbol"]
Scores = Mapping[str, float]
"""Figures of a model by their names. `bits_per_character`, or of another unit, is always there."""


@dataclass(frozen=True)
class Measured:
    """A model of a run: its step, its loss and scores on a part of the corpus.

    `protocol` says how it was measured: "stream, bf16, 16,384 of 40,000 tokens".
    """

    step: int
    part: str
    protocol: str
    loss: float
    scores: Scores

    def record(self) -> dict[str, Any]:
        """As JSON has it, the scores by their names."""
        values = dict(vars(self))
        return values | dict(values.pop("scores"))


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    def record(self) -> dict[str, Any]:
        """The event as one JSON object; its kind is under `event`, its scores by their names."""
        values = asdict(self)
        scores = values.pop("scores", {})
        return {"event": type(self).__name__.lower(), **values, **scores}


Emit = Callable[[Event], None]


@dataclass(frozen=True)
class Progress(Event):
    """`done` of `total` of the work called `task`."""

    task: str
    done: int
    total: int


@dataclass(frozen=True)
class Prepared(Event):
    """A corpus is ready at `path`. `reused`: it had been prepared before.

    `counted`: what its tokens are: a token, or where it has no texts a frame or a picture.
    """

    corpus: str
    path: str
    tokens: int
    vocabulary_size: int
    reused: bool
    counted: str = "token"


@dataclass(frozen=True)
class Started(Event):
    """Training starts, or resumes after `step` steps.

    `unit` is what people see bits of: a byte for a tokenizer of bytes, else a character. `counted`
    is what `tokens` are of the training part: tokens, frames or pictures.
    """

    run: str
    path: str
    corpus: str
    tokens: int
    vocabulary_size: int
    unit: Unit
    network: str
    parameters: int
    optimizer: str
    schedule: str
    device: str
    precision: str
    batch_size: int
    seq_length: int
    step: int
    tokenizer: str = "char"
    processes: int = 1
    counted: str = "token"


class Point(NamedTuple):
    """A run at a step: epochs and seconds since it began, bits per unit, and tokens a second.

    `rate` is None for a validation, which trains nothing.
    """

    step: int
    epoch: float
    seconds: float
    bits: float
    rate: float | None


@dataclass(frozen=True)
class Curves(Event):
    """The learning curves of a run so far, ordered by step. `bits` are per `unit`."""

    training: list[Point]
    validation: list[Point]
    unit: Unit = "character"

    def record(self) -> dict[str, Any]:
        """The points as objects, under the names that events have for their fields."""
        names = ("step", "epoch", "seconds", f"bits_per_{self.unit}", "tokens_per_second")
        curves = {"training": self.training, "validation": self.validation}
        return {
            curve: [dict(zip(names, point, strict=True)) for point in points]
            for curve, points in curves.items()
        }


@dataclass(frozen=True)
class Planned(Event):
    """The run will take `total_steps` steps, as far as is known now.

    Of a timed run that is known once its first steps have been measured.
    """

    total_steps: int


@dataclass(frozen=True)
class Stepped(Event):
    """Training after `step` steps; `loss` is the mean since the last report.

    `total_steps` is None before it is known.
    """

    step: int
    total_steps: int | None
    loss: float
    scores: Scores
    learning_rate: float
    tokens_per_second: float
    characters_per_second: float
    seconds: float
    epoch: float


@dataclass(frozen=True)
class Evaluated(Event, Measured):
    """The validation loss of the averaged weights. `best`: the lowest so far."""

    best: bool
    seconds: float
    epoch: float


@dataclass(frozen=True)
class Sampled(Event):
    """A text that the model wrote after `step` steps."""

    step: int
    text: str


@dataclass(frozen=True)
class Saved(Event):
    """A checkpoint of step `step` is on disk: the run can be resumed from there."""

    step: int
    path: str


@dataclass(frozen=True)
class Noticed(Event):
    """Something a person should know: a setting that was adapted, say."""

    message: str


@dataclass(frozen=True)
class Finished(Event):
    """Training ended after `steps` steps. The model that was kept is that of `step`, if any.

    Its scores are those of the validation part, if there is one: see `protocol`. `baselines` are
    the bits of what they stand beside, by name.
    """

    run: str
    steps: int
    step: int | None
    part: str
    protocol: str
    loss: float | None
    scores: Mapping[str, float | None]
    baselines: Mapping[str, Scores]
    seconds: float
    interrupted: bool
