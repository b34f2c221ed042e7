"""The table of extras: each is a folder of `charrnn/extras`, and works without the others.

A module of an extra is imported when its command is called or its help is asked for. What belongs
to a folder that is missing is left out. Nothing but this table names the modules of extras.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from charrnn.errors import MissingError


@dataclass(frozen=True)
class Extra:
    """Where something of an extra is defined: a module, and a name in it."""

    module: str
    attribute: str

    @property
    def is_here(self) -> bool:
        """Whether its folder exists."""
        try:
            spec = find_spec(self.module.rpartition(".")[0])
        except ModuleNotFoundError:  # the folder of all extras is missing
            return False
        return spec is not None and spec.origin is not None  # None: a folder without modules

    def load(self) -> Any:
        """Import it."""
        return getattr(import_module(self.module), self.attribute)


@dataclass(frozen=True)
class ExtraCommand(Extra):
    """A command: its panel in the list of commands, the first line of its help, an example.

    The name of one below another has both names, and it has no panel.
    """

    panel: str
    help: str
    example: str = ""


_INSIDE, _ELSEWHERE, _SCORE = "Look inside", "Elsewhere", "Score"

COMMANDS: dict[str, ExtraCommand] = {
    "corpora show": ExtraCommand(
        "charrnn.extras.statistics.command", "show", "",
        "Show a corpus in figures: sizes, vocabulary, entropy, and what compressors make of it.",
    ),
    "classify": ExtraCommand(
        "charrnn.extras.classifying.command", "classify", _SCORE,
        "Say which run most likely wrote each text: the one that needs the fewest bits for it.",
        "charrnn classify letter.txt --runs austen,dickens",
    ),
    "probe": ExtraCommand(
        "charrnn.extras.probing.command", "probe", _INSIDE,
        "Colour a text by what the network computes at each character.",
        "charrnn probe first shakespeare.txt --unit 1.c17",
    ),
    "gradients": ExtraCommand(
        "charrnn.extras.gradients.command", "gradients", _INSIDE,
        "Measure how the gradient of the loss vanishes or explodes, step by step back in time.",
        "charrnn gradients --cell elman --gain 2 --text shakespeare.txt",
    ),
    "export": ExtraCommand(
        "charrnn.extras.export.command", "export", _ELSEWHERE,
        "Write a model to a file that works without this toolkit: a web page, or an ONNX graph.",
        "charrnn export first --html",
    ),
    "import": ExtraCommand(
        "charrnn.extras.importing.command", "import_weights", _ELSEWHERE,
        "Make a run of a torch.nn.LSTM, GRU or RNN that was trained elsewhere.",
        "charrnn import weights.safetensors --vocabulary shakespeare.txt",
    ),
    "compress": ExtraCommand(
        "charrnn.extras.compress.command", "compress", _ELSEWHERE,
        "Compress a file with a model: the better it predicts the file, the smaller the result.",
        "charrnn compress letter.txt --run first",
    ),
    "decompress": ExtraCommand(
        "charrnn.extras.compress.command", "decompress", _ELSEWHERE,
        "Read a compressed file back: the same bytes come out, or an error.",
    ),
}  # fmt: skip
"""The commands of extras, by name, in the order in which they are listed."""

HOOKS: dict[str, Extra] = {
    "--processes": Extra("charrnn.extras.processes.command", "train_in_processes"),
    "CHARRNN_EXIT_CODE_FILE": Extra("charrnn.extras.processes.exit_codes", "note_exit_code"),
    "--tensorboard": Extra("charrnn.extras.tensorboard.listener", "tensorboard_listener"),
    "prepare": Extra("charrnn.extras.statistics.show", "summary_line"),
}
"""What commands of the core ask extras for, by the flag or the command that does."""


def has_extra(name: str) -> bool:
    """Whether a flag or a command of the core has its hook."""
    return name in HOOKS and HOOKS[name].is_here


def find_extra(name: str) -> Any:
    """The hook of a flag or a command of the core. MissingError where its folder is missing."""
    if not has_extra(name):
        raise MissingError(
            f"{name} needs an extra that is not installed",
            "Install charrnn again, with all its extras.",
        )
    return HOOKS[name].load()
