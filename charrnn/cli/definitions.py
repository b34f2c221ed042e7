"""Where the commands of the core are defined: a module is imported when its command is needed."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@dataclass(frozen=True)
class Definition:
    """Where something is defined: a module, and a name in it."""

    module: str
    attribute: str

    @property
    def is_here(self) -> bool:
        """Whether the module's folder exists."""
        try:
            spec = find_spec(self.module.rpartition(".")[0])
        except ModuleNotFoundError:  # the folder above is missing
            return False
        return spec is not None and spec.origin is not None  # None: a folder without modules

    def load(self) -> Any:
        """Import it."""
        return getattr(import_module(self.module), self.attribute)


@dataclass(frozen=True)
class CommandDefinition(Definition):
    """A command: its panel in the list of commands, the first line of its help, an example.

    Where `help` is empty, the list takes that line from the command itself.
    """

    panel: str
    help: str = ""
    example: str = ""


def _core(module: str, attribute: str, panel: str, example: str = "") -> CommandDefinition:
    return CommandDefinition(f"charrnn.cli.{module}", attribute, panel, example=example)


TRAIN, SCORE, COMPARE, INSIDE, ELSEWHERE, FILES = (
    "Train and sample", "Score", "Compare", "Look inside", "Elsewhere", "Files and help",
)  # fmt: skip
PANELS = (TRAIN, SCORE, COMPARE, INSIDE, ELSEWHERE, FILES)

CORE: dict[str, CommandDefinition] = {
    "train": _core("train", "train", TRAIN, "charrnn train shakespeare --time 2m --run first"),
    "sample": _core(
        "sample", "sample", TRAIN, 'charrnn sample first --temp 0.8 --prompt "To be"'
    ),
    "predict": _core("predict", "predict", TRAIN),
    "eval": _core("evaluate", "evaluate", SCORE, "charrnn eval first --part valid"),
    "compare": _core("compare", "compare", COMPARE),
    "sweep": _core(
        "sweep", "sweep", COMPARE,
        "charrnn sweep shakespeare --cells lstm,gru --seeds 3 --time 1m",
    ),
    "plot": _core("plot", "plot", COMPARE),
    "inspect": _core("runs", "inspect", INSIDE),
    "prepare": _core("prepare", "prepare", FILES),
    "runs": _core("runs", "runs", FILES),
    "corpora": _core("corpora", "corpora", FILES),
    "help": _core("main", "show_help", FILES),
}  # fmt: skip
"""The commands of the core, by name, in the order in which they are listed."""
