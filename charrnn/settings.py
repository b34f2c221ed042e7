"""Every setting, written once: its name, type, bounds, help and default.

Flags, checkpoint metadata and the guide's tables derive from these dataclasses. `read` checks
values that come from outside: the command line, a notebook or a file.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, replace
from typing import Annotated, Any, Literal, Self, TypeVar, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

from charrnn.values import check_device, check_encoding, seconds, split_fractions

CellName = Literal[
    "lstm", "gru", "elman", "relu", "irnn", "jordan", "full", "peephole", "clockwork", "scrn",
    "mgu", "mingru", "minlstm", "mlstm", "mogrifier",
]  # fmt: skip
TokenizerName = Literal["char", "byte"]
PartName = Literal["train", "valid", "test"]
OptimizerName = Literal["muon", "adamw", "rmsprop", "adagrad", "sgd"]

DEFAULT_TIME = "5m"
LEARNING_RATES: dict[OptimizerName, float] = {
    "muon": 0.065, "adamw": 0.004, "rmsprop": 0.002, "adagrad": 0.1, "sgd": 0.5,
}  # fmt: skip
"""The learning rate of each optimizer where none is given."""
AUTO = "chosen to suit the text, the machine and the time"
"""Marks a setting that `training.automatic` chooses unless the command line names it."""
LENGTHS = ("time", "epochs", "steps")
"""The settings of which one says how long a run is."""
ADVANCED = "Advanced"
"""Marks a setting that the help lists after those a newcomer needs."""


def flag(name: str) -> str:
    """A setting's flag: save_every -> --save-every."""
    return f"--{name.replace('_', '-')}"


def is_automatic(field: Field[Any]) -> bool:
    """Whether a setting is chosen where it is not given."""
    return AUTO in getattr(field.type, "__metadata__", ())


@dataclass(frozen=True)
class TextSettings:
    """Text: how it is read and divided."""

    tokenizer: Annotated[TokenizerName, "what one token is: a character or a byte"] = "char"
    encoding: Annotated[str, "encoding of the text files", ADVANCED] = "utf-8"
    split: Annotated[str, "percent for train/validation/test, or for train/validation"] = "90/5/5"

    def __post_init__(self) -> None:
        split_fractions(self.split)
        check_encoding(self.encoding)


@dataclass(frozen=True)
class ModelSettings:
    """Model: the cell and the sizes of the network."""

    cell: Annotated[CellName, "recurrent cell"] = "lstm"
    layers: Annotated[int, Ge(1), Le(64), "recurrent layers"] = 2
    hidden_size: Annotated[int, Ge(1), Le(65536), "hidden units per layer", AUTO] = 256
    embedding_size: Annotated[int, Ge(1), Le(65536), "size of a token's embedding", ADVANCED] = 64
    one_hot: Annotated[bool, "feed tokens as one-hot vectors, without an embedding", ADVANCED] = (
        False
    )
    dropout: Annotated[float, Ge(0), Lt(1), "probability that an output is dropped", AUTO] = 0.05
    tie_weights: Annotated[
        bool, "share the output weights with the embedding (sizes must be equal)", ADVANCED
    ] = False
    init: Annotated[
        Literal["orthogonal", "uniform", "normal"],
        "initial weights: orthogonal and Xavier, uniform to 0.08, or normal with 0.01", ADVANCED,
    ] = "orthogonal"  # fmt: skip

    def __post_init__(self) -> None:
        if self.tie_weights and self.one_hot:
            raise ValueError("--tie-weights needs an embedding, which --one-hot leaves out")
        if self.tie_weights and self.embedding_size != self.hidden_size:
            raise ValueError(
                "--tie-weights needs an embedding of the hidden size: "
                f"--embedding-size {self.hidden_size}, or --hidden-size {self.embedding_size}"
            )

    @property
    def size(self) -> str:
        """Layers and hidden size: 2x256."""
        return f"{self.layers}x{self.hidden_size}"

    def with_hidden_size(self, hidden_size: int) -> Self:
        """The same with another hidden size, which a tied embedding follows."""
        embedding_size = hidden_size if self.tie_weights else self.embedding_size
        return replace(self, hidden_size=hidden_size, embedding_size=embedding_size)


@dataclass(frozen=True)
class TrainSettings:
    """Training: how long, how fast, where."""

    time: Annotated[
        str | None, "train this long: 90s, 2m, 1h30m (5m, or 60 epochs, if no length is given)"
    ] = None
    epochs: Annotated[float | None, Ge(1e-6), Le(1e6), "or this many epochs"] = None
    steps: Annotated[int | None, Ge(1), Le(10**12), "or this many steps"] = None
    batch_size: Annotated[int, Ge(1), Le(2**20), "sequences read in parallel", AUTO] = 128
    seq_length: Annotated[
        int, Ge(1), Le(2**20), "steps of truncated back-propagation through time", AUTO
    ] = 32
    optimizer: Annotated[
        OptimizerName, "muon (with AdamW for what is not a matrix of a layer) or another", ADVANCED
    ] = "muon"
    learning_rate: Annotated[
        float | None, Gt(0), Le(1000),
        "peak learning rate (" + ", ".join(f"{n} {r}" for n, r in LEARNING_RATES.items()) + ")",
    ] = None  # fmt: skip
    adamw_learning_rate: Annotated[
        float, Gt(0), Le(1000), "peak learning rate of what Muon leaves to AdamW", AUTO, ADVANCED
    ] = 0.008
    weight_decay: Annotated[float, Ge(0), Le(1000), "weight decay", ADVANCED] = 0.07
    schedule: Annotated[
        Literal["linear", "cosine", "constant", "step"],
        "how the learning rate falls after the warm-up", ADVANCED,
    ] = "linear"  # fmt: skip
    warmup_steps: Annotated[int, Ge(0), "steps to reach the peak learning rate", ADVANCED] = 20
    hold_steps: Annotated[
        int | None, Ge(0), "step at which the learning rate begins to fall (the warm-up's end)",
        ADVANCED,
    ] = None  # fmt: skip
    decay_factor: Annotated[
        float, Gt(0), Lt(1), "with --schedule step: factor of the learning rate per epoch", ADVANCED
    ] = 0.97
    decay_after: Annotated[
        float, Ge(0), "with --schedule step: epochs before the first factor", ADVANCED
    ] = 10.0
    state_reset: Annotated[
        float, Ge(0), Lt(1), "probability that a sequence's state is reset before a step", ADVANCED
    ] = 0.03
    grad_clip: Annotated[float, Gt(0), "largest norm of the gradient", ADVANCED] = 1.0
    grad_clip_value: Annotated[
        float | None, Gt(0), "largest absolute value of an element of the gradient", ADVANCED
    ] = None
    ema_decay: Annotated[
        float, Ge(0), Lt(1), "decay of the weights' exponential moving average", ADVANCED
    ] = 0.99
    save_every: Annotated[
        int | None, Ge(1), "steps between checkpoints (a dozen a run, and one a minute)", ADVANCED
    ] = None
    keep: Annotated[int, Ge(1), Le(10**6), "versions of a checkpoint to keep", ADVANCED] = 2
    seed: Annotated[int, Ge(0), Lt(2**63), "seed of weights, batches and dropout"] = 1
    device: Annotated[str, "auto (cuda, else cpu), cpu, cuda, cuda:1, mps"] = "auto"
    precision: Annotated[
        Literal["auto", "bf16", "fp32"], "auto is bf16 where the device supports it", ADVANCED
    ] = "auto"

    def __post_init__(self) -> None:
        given = [name for name in LENGTHS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"a run has one length: choose between --{' and --'.join(given)}")
        if self.time is not None:
            seconds(self.time)
        check_device(self.device)

    @property
    def peak_learning_rate(self) -> float:
        """The learning rate that is given, or that of the optimizer."""
        return self.learning_rate or LEARNING_RATES[self.optimizer]

    @property
    def timed(self) -> bool:
        """Whether the length of the run is a time, not a number of steps or epochs."""
        return not (self.steps or self.epochs)

    @property
    def budget(self) -> float:
        """Seconds that a timed run takes."""
        return seconds(self.time or DEFAULT_TIME)


@dataclass(frozen=True)
class SampleSettings:
    """Sampling: how long, how random."""

    length: Annotated[int, Ge(0), Le(10**12), "characters to write"] = 1000
    temp: Annotated[
        float, Ge(0), Le(1e6), "temperature: 0 takes the likeliest token, 1 samples as learned"
    ] = 1.0
    prompt: Annotated[str | None, "text to continue, printed first; - reads it from stdin"] = None
    seed: Annotated[int | None, Ge(0), Lt(2**63), "the same seed writes the same text"] = None
    count: Annotated[int, Ge(1), Le(2**16), "independent texts"] = 1
    stop: Annotated[str | None, "end before this text would be written"] = None
    top_k: Annotated[int | None, Ge(1), "sample among the K likeliest tokens"] = None
    top_p: Annotated[
        float | None, Gt(0), Le(1), "sample among the likeliest tokens of total probability P"
    ] = None
    min_p: Annotated[
        float | None, Ge(0), Le(1), "sample among tokens at least P times as likely as the top one"
    ] = None

    def __post_init__(self) -> None:
        if self.stop == "":
            raise ValueError("--stop is empty")
        for name in ("top_k", "top_p", "min_p"):
            if self.temp == 0 and getattr(self, name) is not None:
                raise ValueError(f"{flag(name)} has no effect at --temp 0")


S = TypeVar("S")


class SettingError(ValueError):
    """A value that a setting cannot take. `name` is the setting, where one alone is to blame."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


def plain(message: str) -> str:
    """A library's message about a value, in plain words."""
    what = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return what.partition(", unable to parse")[0].replace("integer", "whole number")


def read(kind: type[S], values: Mapping[str, Any]) -> S:
    """`kind(**values)` with every value's type and bounds checked. Raises SettingError."""
    from pydantic import TypeAdapter, ValidationError  # slow to import, and only needed here

    if not isinstance(values, Mapping):
        raise SettingError(f"{kind.__name__} are missing")
    unknown = values.keys() - get_type_hints(kind).keys()
    if unknown:
        raise SettingError("there is no such setting", min(unknown))
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":  # from a __post_init__, a sentence already
            raise SettingError(str(first["ctx"]["error"])) from None
        name, what = str(first["loc"][0]), plain(first["msg"])
        shown = repr(values.get(name))
        shown = shown if len(shown) < 60 else f"{shown[:50]}..."
        raise SettingError(f"must be {what}, not {shown}", name) from None
