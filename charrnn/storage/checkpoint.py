"""A trained model in one file, with everything it takes to use it.

The file is a `container`, so damage is found, and loading it cannot run code. The tensors' names
and shapes are those that the network declares.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le, Lt
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from charrnn.errors import CheckpointError
from charrnn.files import atomic_write
from charrnn.settings import (
    ModelSettings,
    TextSettings,
    TrainSettings,
    checked_network,
    read,
    reason_of,
)
from charrnn.storage.container import UNREADABLE, read_metadata, sealed, verify
from charrnn.storage.old_formats import upgraded_metadata, upgraded_weight
from charrnn.tasks import parameters_of, predicts_targets
from charrnn.tasks.base import Scale
from charrnn.text.input_shapes import checked_scale, checked_shape
from charrnn.text.tokenizers import Tokenizer, from_json, to_json


@dataclass(frozen=True)
class About:
    """What a run is, apart from its weights: every file of it says so.

    `base`: the run whose weights it began with, or nothing. `target_vocabulary`: what it predicts,
    where that is not the vocabulary. `input_shape`: of what it reads where that is no text, see
    `text.input_shapes`. `input_scale`: the mean and the standard deviation of each feature.
    """

    run: str
    model: ModelSettings
    train: TrainSettings
    text: TextSettings
    corpus: str
    corpus_key: str
    base: str = field(default="", kw_only=True)
    target_vocabulary: tuple[str, ...] = field(default=(), kw_only=True)
    input_shape: tuple[int, ...] = field(default=(), kw_only=True)
    input_scale: Scale = field(default=(), kw_only=True)

    def describe(self) -> dict[str, Any]:
        """As JSON, for `read_about`."""
        return {
            "run": self.run,
            "model": asdict(self.model),
            "train": asdict(self.train),
            "text": self.text.record(),
            "corpus": {"name": self.corpus, "key": self.corpus_key},
            "base": self.base,
            **({"labels": list(self.target_vocabulary)} if self.target_vocabulary else {}),
            **({"input_shape": list(self.input_shape)} if self.input_shape else {}),
            **({"input_scale": [*map(list, self.input_scale)]} if self.input_scale else {}),
        }


def read_about(data: Mapping[str, Any]) -> About:
    """What `About.describe` gave. Raises KeyError, TypeError or ValueError for anything else."""
    shape = checked_shape(data.get("input_shape", ()))
    return About(
        run=str(data["run"]),
        model=checked_network(read(ModelSettings, data["model"])),
        train=read(TrainSettings, data["train"]),
        text=read(TextSettings, data["text"]),
        corpus=str(data["corpus"]["name"]),
        corpus_key=str(data["corpus"]["key"]),
        base=str(data.get("base", "")),  # older files lack it
        target_vocabulary=tuple(str(label) for label in data.get("labels", ())),
        input_shape=shape,
        input_scale=checked_scale(data.get("input_scale", ()), shape),
    )


@dataclass(frozen=True)
class Checkpoint(About):
    """A trained model and where it comes from. `loss`: validation, nats per token, if known."""

    tokenizer: Tokenizer
    step: int
    loss: float | None
    weights: Mapping[str, NDArray[np.float32]]

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return sum(weight.size for weight in self.weights.values())

    @property
    def is_language_model(self) -> bool:
        """Whether it continues texts: it predicts the next token, and no targets."""
        return not self.target_vocabulary

    def record(self) -> dict[str, Any]:
        """Everything but the weights, as JSON; infinities are null."""
        train = asdict(self.train).items()
        return {
            "run": self.run,
            "corpus": self.corpus,
            "base": self.base,
            "step": self.step,
            "loss": self.loss,
            "parameters": self.parameters,
            "vocabulary_size": self.tokenizer.size,
            **({"labels": list(self.target_vocabulary)} if self.target_vocabulary else {}),
            "model": asdict(self.model),
            "train": {k: None if v in (math.inf, -math.inf) else v for k, v in train},
            "text": self.text.record(),
            "weights": {name: list(weight.shape) for name, weight in self.weights.items()},
        }


@dataclass(frozen=True)
class _Trained:
    """What the file of a checkpoint says of its training. A loss may be an integer: 0."""

    step: Annotated[int, Ge(0), Le(10**12)]
    loss: Annotated[float, Ge(0), Lt(math.inf)] | None


def save_checkpoint(path: Path, checkpoint: Checkpoint, keep: int = 1) -> None:
    """Write it whole, or not at all; `keep` versions of it stay."""
    data = {
        **checkpoint.describe(),
        "tokenizer": to_json(checkpoint.tokenizer),
        "step": checkpoint.step,
        "loss": checkpoint.loss,
    }
    with atomic_write(path, keep, verify) as file:
        file.write(sealed(save, checkpoint.weights, data))


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file. CheckpointError if it is another file, damaged or inconsistent.

    Shapes and types are checked before any tensor is read.
    """
    try:
        data = upgraded_metadata(read_metadata(path))
        checkpoint = Checkpoint(
            **vars(read_about(data)),
            tokenizer=from_json(data["tokenizer"]),
            **vars(read(_Trained, {"step": data["step"], "loss": data["loss"]})),
            weights={},
        )
        return replace(checkpoint, weights=_read_weights(path, checkpoint))
    except UNREADABLE as error:
        raise CheckpointError(
            f"{path} is not a charrnn checkpoint: {reason_of(error)}",
            "Name a run, its folder or its model file.",
        ) from None


def _read_weights(path: Path, checkpoint: Checkpoint) -> dict[str, NDArray[np.float32]]:
    """ValueError where the tensors are not those of the settings."""
    if bool(checkpoint.target_vocabulary) != predicts_targets(checkpoint.model):
        raise ValueError("its target vocabulary is not that of its task")
    expected = parameters_of(checkpoint.model, checkpoint)
    with safe_open(path, framework="numpy") as file:
        names = {upgraded_weight(name): name for name in file.keys()}  # noqa: SIM118  (not a dict)
        if set(names) != set(expected):
            raise ValueError(
                "its tensors are not those of its settings; if another version wrote it, train anew"
            )
        for name, parameter in expected.items():
            part = file.get_slice(names[name])
            if tuple(part.get_shape()) != parameter.shape or part.get_dtype() != "F32":
                raise ValueError(f"{name} does not have the shape that its settings give it")
        return {name: file.get_tensor(names[name]) for name in expected}
