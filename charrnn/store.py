"""Checkpoints: a trained model in one file, with all it takes to use it.

They are sealed (`charrnn.sealed`), so a damaged one is known, and loading one cannot run code.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from charrnn.cells import CELLS
from charrnn.errors import CheckpointError
from charrnn.files import whole
from charrnn.sealed import metadata, proof, seal, unseal
from charrnn.settings import ModelSettings, TextSettings, TrainSettings, read
from charrnn.text.tokenizers import Tokenizer, from_json, to_json


@dataclass(frozen=True)
class Checkpoint:
    """A trained model and where it comes from. `loss`: validation, nats per token, if known."""

    run: str
    model: ModelSettings
    train: TrainSettings
    text: TextSettings
    tokenizer: Tokenizer
    corpus: str
    corpus_key: str
    step: int
    loss: float | None
    weights: Mapping[str, NDArray[np.float32]]

    @property
    def parameters(self) -> int:
        """How many numbers the model has learned."""
        return sum(weight.size for weight in self.weights.values())


def about(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a checkpoint says of itself, as JSON has it: what is not finite is null."""
    train = asdict(checkpoint.train).items()
    return {
        "run": checkpoint.run,
        "corpus": checkpoint.corpus,
        "step": checkpoint.step,
        "loss": checkpoint.loss,
        "parameters": checkpoint.parameters,
        "vocabulary": checkpoint.tokenizer.size,
        "model": asdict(checkpoint.model),
        "train": {k: None if v in (math.inf, -math.inf) else v for k, v in train},
        "text": asdict(checkpoint.text),
        "weights": {name: list(weight.shape) for name, weight in checkpoint.weights.items()},
    }


def shapes(model: ModelSettings, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every tensor in a checkpoint of these settings."""
    found: dict[str, tuple[int, ...]] = {
        "embedding": (vocabulary, model.embedding),
        "head_bias": (vocabulary,),
    }
    if not model.tie:
        found["head"] = (vocabulary, model.width)
    for number in range(model.layers):
        inputs = model.width if number else model.embedding
        for name, shape in CELLS[model.cell].shapes(inputs, model.width).items():
            found[f"layers.{number}.{name}"] = shape
    return found


def parameters(model: ModelSettings, vocabulary: int) -> int:
    """How many numbers a model of these settings learns."""
    return sum(map(math.prod, shapes(model, vocabulary).values()))


def save_checkpoint(path: Path, checkpoint: Checkpoint, keep: int = 1) -> None:
    """Write it whole, or not at all; `keep` versions of it stay."""
    data = {
        "run": checkpoint.run,
        "model": asdict(checkpoint.model),
        "train": asdict(checkpoint.train),
        "text": asdict(checkpoint.text),
        "tokenizer": to_json(checkpoint.tokenizer),
        "corpus": {"name": checkpoint.corpus, "key": checkpoint.corpus_key},
        "step": checkpoint.step,
        "loss": checkpoint.loss,
    }
    with whole(path, keep, proof) as file:
        file.write(seal(save(dict(checkpoint.weights), metadata(data))))


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file. CheckpointError if it is none, damaged, or does not add up.

    Shapes and types are checked before any tensor is read.
    """
    try:
        data = unseal(path)
        with safe_open(path, framework="numpy") as file:
            model = read(ModelSettings, data["model"])
            tokenizer = from_json(data["tokenizer"])
            expected = shapes(model, tokenizer.size)
            if set(file.keys()) != set(expected):
                raise ValueError("its tensors are not those of its settings")
            for name, shape in expected.items():
                part = file.get_slice(name)
                if tuple(part.get_shape()) != shape or part.get_dtype() != "F32":
                    raise ValueError(f"{name} does not have the shape that its settings give it")
            return Checkpoint(
                run=str(data["run"]),
                model=model,
                train=read(TrainSettings, data["train"]),
                text=read(TextSettings, data["text"]),
                tokenizer=tokenizer,
                corpus=str(data["corpus"]["name"]),
                corpus_key=str(data["corpus"]["key"]),
                step=int(data["step"]),
                loss=None if data["loss"] is None else float(data["loss"]),
                weights={name: file.get_tensor(name) for name in expected},
            )
    except KeyError as error:
        reason = f"it says nothing of {error}"
    except (
        FileNotFoundError,
        SafetensorError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as error:
        reason = str(error)
    raise CheckpointError(
        f"{path} is no charrnn checkpoint: {reason}", "Name a run, its folder or its model file."
    )
