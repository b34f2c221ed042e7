"""Every setting, written once: its name, type, bounds, help and default.

Flags, checkpoint metadata and the README's tables derive from these dataclasses. `read` checks
values that come from outside: the command line or a file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self, TypeVar, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

CellName = Literal[
    "lstm", "gru", "elman", "relu", "irnn", "jordan", "full", "peephole", "clockwork", "scrn",
    "mgu", "mingru", "minlstm", "mlstm", "mogrifier",
]  # fmt: skip
TokenizerName = Literal["char", "byte"]

DEFAULT_TIME = "5m"
CHOSEN = "to suit the text, the machine and the time"
"""Beside a setting's help: its default is a start that `engine.choose` goes on from."""

_SHARE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(duration: str) -> float:
    """'90s', '2m', '1h30m' or a bare number of seconds. Raises ValueError for anything else."""
    text = duration.strip().lower()
    if not re.fullmatch(r"\d*\.?\d+|(\d*\.?\d+[smhd])+", text, re.ASCII):
        raise ValueError(f"{duration!r} is no length of time; write 90s, 2m or 1h30m")
    parts = re.findall(r"(\d*\.?\d+)([smhd]?)", text)
    total = sum(float(number) * _UNITS[unit or "s"] for number, unit in parts)
    if not 0 < total < float("inf"):
        raise ValueError("a length of time must be more than nothing, and have an end")
    return total


def split_shares(split: str) -> tuple[float, float, float]:
    """'90/5/5' -> (0.9, 0.05, 0.05): train, validation, test. Raises ValueError."""
    parts = split.split("/")
    if len(parts) not in (2, 3) or not all(map(_SHARE.fullmatch, parts)):
        raise ValueError(f"{split!r} is no split; write train/validation/test, such as 90/5/5")
    shares = [*(float(part) for part in parts), 0.0]
    if shares[0] <= 0:
        raise ValueError(f"{split!r} leaves nothing to train on")
    if abs(sum(shares) - 100) > 0.01:
        raise ValueError(f"the parts of the split {split!r} make {sum(shares):g} %, not 100")
    return shares[0] / 100, shares[1] / 100, shares[2] / 100


def check_encoding(encoding: str) -> None:
    """Raises ValueError if Python does not know it as an encoding of text."""
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        raise ValueError(f"{encoding!r} is no encoding that Python knows") from None


@dataclass(frozen=True)
class TextSettings:
    """Text: how it is read and divided."""

    tokens: Annotated[TokenizerName, "what the model reads and writes one at a time"] = "char"
    encoding: Annotated[str, "how the text files are encoded"] = "utf-8"
    split: Annotated[str, "percent for training/validation/test; or two of them, for no test"] = (
        "90/5/5"
    )

    def __post_init__(self) -> None:
        split_shares(self.split)
        check_encoding(self.encoding)


@dataclass(frozen=True)
class ModelSettings:
    """Model: its cell and its sizes."""

    cell: Annotated[CellName, "recurrent cell"] = "lstm"
    layers: Annotated[int, Ge(1), Le(64), "layers, one on the other"] = 2
    width: Annotated[int, Ge(1), Le(65536), "hidden units per layer", CHOSEN] = 256
    embedding: Annotated[int, Ge(1), Le(65536), "numbers that stand for a token"] = 64
    dropout: Annotated[float, Ge(0), Lt(1), "share of outputs dropped", CHOSEN] = 0.05
    tie: Annotated[bool, "output weights are the embedding's (needs embedding = width)"] = False

    def __post_init__(self) -> None:
        if self.tie and self.embedding != self.width:
            raise ValueError(
                "--tie needs an embedding as wide as the layers: "
                f"--embedding {self.width}, or --width {self.embedding}"
            )

    @property
    def size(self) -> str:
        """Its layers and their width: 2x256."""
        return f"{self.layers}x{self.width}"

    def at_width(self, width: int) -> Self:
        """The same of another width, which a tied embedding follows."""
        return replace(self, width=width, embedding=width if self.tie else self.embedding)


@dataclass(frozen=True)
class TrainSettings:
    """Training: how long, how fast, where."""

    time: Annotated[
        str | None, "train this long: 90s, 2m, 1h30m (if no length is given: 5m or 60 epochs)"
    ] = None
    epochs: Annotated[float | None, Ge(1e-6), Le(1e6), "or: this many times over the text"] = None
    steps: Annotated[int | None, Ge(1), Le(10**12), "or: this many steps"] = None
    lanes: Annotated[int, Ge(1), Le(2**20), "parallel streams of text (the batch)", CHOSEN] = 128
    window: Annotated[
        int, Ge(1), Le(2**20), "steps between truncations of the gradient", CHOSEN
    ] = 32
    optimizer: Annotated[
        Literal["muon", "adamw"], "muon for the layers' matrices and AdamW for the rest, or AdamW"
    ] = "muon"
    rate: Annotated[float, Gt(0), Le(1000), "peak learning rate of muon"] = 0.065
    adam_rate: Annotated[float, Gt(0), Le(1000), "peak learning rate of AdamW", CHOSEN] = 0.008
    decay: Annotated[float, Ge(0), "weight decay"] = 0.07
    warmup: Annotated[int, Ge(0), "steps to reach the peak rate"] = 20
    reset: Annotated[
        float, Ge(0), Lt(1), "share of lanes that forget their state before a step"
    ] = 0.03
    clip: Annotated[float, Gt(0), "largest norm of the gradient"] = 1.0
    average: Annotated[float, Ge(0), Lt(1), "decay of the weights' running average"] = 0.99
    save_every: Annotated[
        int | None, Ge(1), "steps between checkpoints (a dozen a run, and one a minute)"
    ] = None
    keep: Annotated[
        int, Ge(1), Le(10**6), "versions of a checkpoint that stay: the newest, and those before it"
    ] = 2
    seed: Annotated[int, Ge(0), Lt(2**63), "for weights, lanes and dropout"] = 1
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"], "where to compute; auto is cuda, else cpu"
    ] = "auto"
    precision: Annotated[
        Literal["auto", "bf16", "fp32"], "auto is bf16 where the device computes with it"
    ] = "auto"

    def __post_init__(self) -> None:
        given = [name for name in ("time", "epochs", "steps") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"a run has one length: choose between --{' and --'.join(given)}")
        if self.time is not None:
            seconds(self.time)

    @property
    def timed(self) -> bool:
        """Whether the run is as long as a time, and not as steps or epochs."""
        return not (self.steps or self.epochs)

    @property
    def budget(self) -> float:
        """Seconds that a timed run takes."""
        return seconds(self.time or DEFAULT_TIME)


@dataclass(frozen=True)
class SampleSettings:
    """Sampling: how much, how wild."""

    length: Annotated[int, Ge(0), Le(10**12), "characters to write"] = 1000
    temp: Annotated[
        float, Ge(0), Le(1e6), "0 always takes the likeliest, 1 is as learned, more is wilder"
    ] = 1.0
    top_k: Annotated[int | None, Ge(1), "only among the K likeliest tokens"] = None
    top_p: Annotated[float | None, Gt(0), Le(1), "only among the likeliest that make up P"] = None
    min_p: Annotated[
        float | None, Ge(0), Le(1), "only tokens at least P times as likely as the likeliest"
    ] = None
    prime: Annotated[str | None, "text to go on from, printed first; - reads it from stdin"] = None
    stop: Annotated[str | None, "end before this text would be written"] = None
    count: Annotated[int, Ge(1), Le(2**16), "independent texts, all at once"] = 1
    seed: Annotated[
        int | None, Ge(0), Lt(2**63), "the same seed writes the same text, on the same machine"
    ] = None

    def __post_init__(self) -> None:
        if self.stop == "":
            raise ValueError("--stop is empty")


S = TypeVar("S")


class SettingError(ValueError):
    """A value that a setting cannot take. `name` is the setting, where only one is to blame."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


def plain(message: str) -> str:
    """What a library says of a value, in the words of a person."""
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
