"""The table of commands: a module is imported when its command is needed."""

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
    """A command: its panel in the list of commands, the first line of its help, examples."""

    panel: str
    help: str
    example: str = ""


MAIN, PREDICT, COMPARE, INSIDE, ELSEWHERE, FILES = PANELS = (
    "Main commands", "Predict", "Compare", "Look inside", "Elsewhere", "Files, help",
)  # fmt: skip
TASKS = "Tasks: a label, tags or a text for each example"
"""The panel of the flags of `train` that a language model does not have."""

CORE: dict[str, CommandDefinition] = {
    "train": CommandDefinition(
        "charrnn.cli.train", "train", MAIN,
        "Train a model on a text. Ctrl-C stops it with everything saved.",
        """\
charrnn train shakespeare --time 2m --run first
charrnn train words.tsv --task label             # label<TAB>text
charrnn train slots.conll --task tag --crf       # token<TAB>tag
charrnn train pronunciations.tsv --task rewrite  # text<TAB>text
charrnn train pictures.tsv --task caption        # picture.png<TAB>text""",
    ),
    "sample": CommandDefinition(
        "charrnn.cli.sample", "sample", MAIN, "Generate text with a trained model.",
        'charrnn sample first --temp 0.8 --prompt "To be"',
    ),
    "eval": CommandDefinition(
        "charrnn.cli.evaluate", "evaluate", MAIN,
        "Score a model on a text, in bits per character, or on examples.",
        "charrnn eval first --part valid",
    ),
    "prepare": CommandDefinition(
        "charrnn.cli.prepare", "prepare", MAIN, "Turn texts into one corpus of tokens.",
        "charrnn prepare novels/*.txt --name novels",
    ),
    "predict": CommandDefinition(
        "charrnn.cli.predict", "predict", PREDICT,
        "Predict a label, tags or a text for each line of a file.",
        """\
charrnn predict words.txt                   # with the run trained last
echo "straße" | charrnn predict languages   # a label, after --task label
charrnn predict slots sentences.txt --json  # tags, after --task tag
charrnn predict spoken words.txt --beam 5   # texts, after --task rewrite""",
    ),
    "inspect": CommandDefinition(
        "charrnn.cli.runs", "inspect", INSIDE,
        "Show what a run is: its network, settings, score and learning curves.",
    ),
    "runs": CommandDefinition(
        "charrnn.cli.runs", "runs", FILES, "List the runs; or remove, rename and prune them."
    ),
    "corpora": CommandDefinition(
        "charrnn.cli.corpora", "corpora", FILES,
        "List the prepared corpora and the catalog; or get, show and remove them.",
    ),
    "help": CommandDefinition(
        "charrnn.cli.main", "show_help", FILES, "Show this help, or that of a command."
    ),
}  # fmt: skip
"""The commands of the core, by name, in the order in which they are listed."""
