"""Runs and their checkpoints.

    checkpoints/shakespeare/
        model.safetensors       the best weights, with all it takes to use them: this file alone
        training.safetensors    what only going on with the training needs
        metrics.jsonl           every event of the run, one JSON object a line

A checkpoint is safetensors with one metadata key of sorted JSON, so equal contents are equal
bytes, and loading one cannot run code.
"""

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from charrnn.cells import CELLS
from charrnn.errors import CheckpointError, UsageError, suggest
from charrnn.events import Event, Planned, Stepped
from charrnn.files import checkpoints, whole
from charrnn.settings import ModelSettings, TextSettings, TrainSettings, read
from charrnn.text.tokenizers import Tokenizer, from_json, to_json

FORMAT = 1
KEY = "charrnn"
MODEL, TRAINING, METRICS = "model.safetensors", "training.safetensors", "metrics.jsonl"


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


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write it whole, or not at all."""
    data = {
        "format": FORMAT,
        "run": checkpoint.run,
        "model": asdict(checkpoint.model),
        "train": asdict(checkpoint.train),
        "text": asdict(checkpoint.text),
        "tokenizer": to_json(checkpoint.tokenizer),
        "corpus": {"name": checkpoint.corpus, "key": checkpoint.corpus_key},
        "step": checkpoint.step,
        "loss": checkpoint.loss,
    }
    with whole(path) as file:
        file.write(save(dict(checkpoint.weights), {KEY: json.dumps(data, sort_keys=True)}))


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file. CheckpointError if it is none, damaged, or does not add up.

    Shapes and types are checked before any tensor is read.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            data = json.loads((file.metadata() or {})[KEY])
            if data["format"] != FORMAT:
                raise ValueError(f"format {data['format']} is not known to this version")
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
        SafetensorError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        reason = str(error)
    raise CheckpointError(
        f"{path} is no charrnn checkpoint: {reason}", "Name a run, its folder or its model file."
    )


def runs() -> list[Path]:
    """The folders of the runs that have a model, the one trained last at the end."""
    folders = [path.parent for path in checkpoints().glob(f"*/{MODEL}")]
    return sorted(
        folders, key=lambda folder: max(path.stat().st_mtime for path in folder.iterdir())
    )


def names_a_text(word: str) -> bool:
    """Whether the one word after `charrnn eval` is a text to score, and no run."""
    in_home = checkpoints() / word / MODEL
    if in_home.is_file() or word.endswith(".safetensors"):
        return False
    return word == "-" or (Path(word).exists() and not Path(word).is_dir())


def find_model(name: str | None) -> Path:
    """The model file of a run by its name, its folder or the file itself; None: the last run's.

    CheckpointError lists the runs there are.
    """
    there = runs()
    if name is None:
        if not there:
            raise CheckpointError("nothing has been trained here yet", "charrnn train YOUR.txt")
        return there[-1] / MODEL
    for path in (checkpoints() / name / MODEL, Path(name) / MODEL, Path(name)):
        if path.is_file():
            return path
    names = [path.name for path in there]
    listed = f"Runs here: {', '.join(names)}." if names else "No runs here: charrnn train YOUR.txt"
    raise CheckpointError(f"there is no run {name}", f"{suggest(name, names)} {listed}".strip())


def check_new(name: str | None) -> None:
    """UsageError if a run cannot be called that: the name is taken, or is no plain name."""
    if name is None:
        return
    if not re.fullmatch(r"\w[\w.-]{0,63}", name):
        raise UsageError(f"{name!r} is no name for a run", "Use letters, digits, '.', '_' and '-'.")
    folder = checkpoints() / name
    if folder.exists() and {path.name for path in folder.iterdir()} - {METRICS}:
        raise UsageError(
            f"there is a run {name} already",
            f"Go on with it: charrnn train --resume --run {name}; or take another name.",
        )


def new_run(name: str | None, corpus: str) -> Path:
    """A new folder for a run: of that name, or called after its corpus and numbered."""
    root = checkpoints()
    root.mkdir(parents=True, exist_ok=True)
    names = (f"{corpus}-{number}" if number > 1 else corpus for number in itertools.count(1))
    folder = root / (name or next(n for n in names if not (root / n).exists()))
    folder.mkdir(exist_ok=True)  # a run of that name died before it had saved anything
    return folder


class Metrics:
    """Writes events to a run's `metrics.jsonl`, steps only some thousand times a run."""

    def __init__(self, folder: Path) -> None:
        with (folder / METRICS).open("a+b") as file:
            if end := file.tell():  # a killed run may have been in the middle of a line
                file.seek(end - 1)
                file.write(b"" if file.read() == b"\n" else b"\n")
        self._file = (folder / METRICS).open("a", encoding="utf-8", buffering=1)
        self._apart = 1
        self._next = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Planned):
            self._apart = max(1, event.steps // 1000)
        if isinstance(event, Stepped):
            if event.step < self._next:
                return
            self._next = event.step + self._apart
        self._file.write(json.dumps(event.record()) + "\n")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
