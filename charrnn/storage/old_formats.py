"""Checkpoints of format 2, read with the names that they have now.

Format 2 called the batch size lanes, the sequence length window and the hidden size width, and
numbered the optimizers' tensors. Delete this file when nobody has such checkpoints any more.
"""

from collections.abc import Callable, Mapping
from typing import Any

_TENSORS = {"embedding": "embedding.weight", "head": "head.weight", "head_bias": "head.bias"}
_MODEL = {"width": "hidden_size", "embedding": "embedding_size", "tie": "tie_weights"}
_TRAIN = {
    "lanes": "batch_size", "window": "seq_length", "rate": "learning_rate",
    "adam_rate": "adamw_learning_rate", "decay": "weight_decay", "warmup": "warmup_steps",
    "reset": "state_reset", "clip": "grad_clip", "average": "ema_decay",
}  # fmt: skip
_TEXT = {"tokens": "tokenizer"}
_PROGRESS = {
    "hold": "decay_start", "steps": "total_steps", "best": "best_loss",
    "best_bits": "best_bits_per_character", "scale": "learning_rate_scale",
    "skipped": "skipped_steps",
}  # fmt: skip


def upgraded_metadata(data: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a model or a training state of any readable format, in today's names.

    KeyError, TypeError or AttributeError where something is missing or of another type.
    """
    if data["format"] != 2:
        return data
    train = _renamed(data["train"], _TRAIN)
    if train["optimizer"] == "adamw":  # then --rate had no effect
        train["learning_rate"] = train["adamw_learning_rate"]
    upgraded = {
        **data,
        "model": _renamed(data["model"], _MODEL),
        "train": train,
        "text": _renamed(data["text"], _TEXT),
    }
    if "position" in data:
        progress = _renamed(data["position"], _PROGRESS)
        if progress["total_steps"] is None:  # a timed run, still in its first steps
            progress["decay_start"] = None
        upgraded["progress"] = progress | {"best_bits_per_byte": None}
        upgraded["batches"] = data["lanes"]
        folder = str(data["corpus"]["folder"])  # the name and a digest
        upgraded["corpus"] = {"name": folder.rpartition("-")[0], "key": data["corpus"]["key"]}
        upgraded["run"] = ""  # its folder has the name
    return upgraded


def upgraded_progress(progress: Mapping[str, Any]) -> dict[str, Any]:
    """The progress of a run whose best scores were not yet saved by their names."""
    upgraded = dict(progress)
    if "best_scores" not in upgraded:
        names = "bits_per_character", "bits_per_byte"
        bits = [upgraded.pop(f"best_{name}", None) for name in names]
        scores = {names[0]: bits[0], names[1]: bits[1] or bits[0]}
        upgraded["best_scores"] = None if bits[0] is None else scores
    return upgraded


def upgraded_name(name: str, optimizers: Callable[[int, int], str]) -> str:
    """The name of a tensor of format 2. `optimizers(number, index)` names an optimizer's tensor.

    KeyError, IndexError or ValueError where there is no such tensor now.
    """
    kind, _, rest = name.partition(".")
    if kind in ("model", "average"):
        return f"{'ema' if kind == 'average' else kind}.{_TENSORS.get(rest, rest)}"
    if kind == "optimizer":
        number, index, key = rest.split(".")
        return f"{optimizers(int(number), int(index))}.{key}"
    return name


def upgraded_weight(name: str) -> str:
    """The name of a tensor of a model of format 2."""
    return _TENSORS.get(name, name)


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in values.items()}
