"""The table of extras: each is a folder of `charrnn/extras`, and works without the others.

A module of an extra is imported when its command is called or its help is asked for. What belongs
to a folder that is missing is left out. Nothing but this table names the modules of extras.
"""

from typing import Any

from charrnn.cli.definitions import (
    COMPARE,
    ELSEWHERE,
    INSIDE,
    PREDICT,
    CommandDefinition,
    Definition,
)
from charrnn.errors import MissingError

COMMANDS: dict[str, CommandDefinition] = {
    "corpora show": CommandDefinition(
        "charrnn.extras.statistics.command", "show", "",
        "Show a corpus in figures: sizes, vocabulary, entropy, and what compressors make of it.",
    ),
    "forecast": CommandDefinition(
        "charrnn.extras.forecast.command", "forecast", PREDICT,
        "Continue a series of numbers: the median and an interval of 80 % of each step.",
        "charrnn forecast passengers --horizon 24",
    ),
    "classify": CommandDefinition(
        "charrnn.extras.classifying.command", "classify", PREDICT,
        "Say which run most likely wrote each text: the one that needs the fewest bits for it.",
        "charrnn classify letter.txt --runs austen,dickens",
    ),
    "compare": CommandDefinition(
        "charrnn.extras.comparing.command", "compare", COMPARE,
        "Compare runs in one table, the best first, and draw their learning curves.",
    ),
    "sweep": CommandDefinition(
        "charrnn.extras.comparing.command", "sweep", COMPARE,
        "Train a run of each cell and seed on a text, and compare them.",
        "charrnn sweep shakespeare --cells lstm,gru --seeds 3 --time 1m",
    ),
    "plot": CommandDefinition(
        "charrnn.extras.comparing.command", "plot", COMPARE,
        "Draw the learning curves of runs: training and validation.",
    ),
    "probe": CommandDefinition(
        "charrnn.extras.probing.command", "probe", INSIDE,
        "Colour a text by what the network computes at each character.",
        "charrnn probe first shakespeare.txt --unit 1.c17",
    ),
    "gradients": CommandDefinition(
        "charrnn.extras.gradients.command", "gradients", INSIDE,
        "Measure how the gradient of the loss vanishes or explodes, step by step back in time.",
        "charrnn gradients --cell elman --gain 2 shakespeare.txt",
    ),
    "course": CommandDefinition(
        "charrnn.extras.course.command", "course", INSIDE,
        "Learn how recurrent networks work, in lessons of ten minutes with commands to run.",
        "charrnn course 1",
    ),
    "export": CommandDefinition(
        "charrnn.extras.export.command", "export", ELSEWHERE,
        "Write a model to a file that works without this toolkit: a web page, or an ONNX graph.",
        "charrnn export first --html",
    ),
    "card": CommandDefinition(
        "charrnn.extras.card.command", "card", ELSEWHERE,
        "Write a page in Markdown about a model, to share both: a README for it.",
        "charrnn card first --license CC-BY-4.0 -o README.md",
    ),
    "import": CommandDefinition(
        "charrnn.extras.importing.command", "import_weights", ELSEWHERE,
        "Make a run of a torch.nn.LSTM, GRU or RNN that was trained elsewhere.",
        "charrnn import weights.pt --vocabulary shakespeare.txt",
    ),
    "compress": CommandDefinition(
        "charrnn.extras.compress.command", "compress", ELSEWHERE,
        "Compress a file with a model: the better it predicts the file, the smaller the result.",
        "charrnn compress letter.txt --run first",
    ),
    "decompress": CommandDefinition(
        "charrnn.extras.compress.command", "decompress", ELSEWHERE,
        "Read a compressed file back: the same bytes come out, or an error.",
    ),
}  # fmt: skip
"""The commands of extras, by name, in the order in which they are listed.

The name of one below another command has both names, and it has no panel.
"""

HOOKS: dict[str, Definition] = {
    "--seeds": Definition("charrnn.extras.comparing.command", "train_seeds"),
    "--per": Definition("charrnn.extras.detail.detail", "detail_report"),
    "--per line": Definition("charrnn.extras.detail.wrong", "wrong_report"),
    "--horizon": Definition("charrnn.extras.forecast.scoring", "with_forecasts"),
    "--interactive": Definition("charrnn.extras.dialogue.dialogue", "converse"),
    "--attention": Definition("charrnn.extras.attention.show", "print_attention"),
    "--html": Definition("charrnn.extras.attention.show", "AttentionPage"),
    "--processes": Definition("charrnn.extras.processes.launch", "train_in_processes"),
    "CHARRNN_EXIT_CODE_FILE": Definition("charrnn.extras.processes.launch", "note_exit_code"),
    "--tensorboard": Definition("charrnn.extras.tensorboard.listener", "tensorboard_listener"),
    "prepare": Definition("charrnn.extras.statistics.command", "summary_line"),
}
"""What commands of the core ask extras for, by the flag or the command that does."""


def has_extra(name: str) -> bool:
    """Whether the extra behind a flag or a command of the core is installed."""
    return name in HOOKS and HOOKS[name].is_here


def find_extra(name: str) -> Any:
    """The hook of a flag or a command of the core. MissingError where its folder is missing."""
    if not has_extra(name):
        raise MissingError(
            f"{name} needs an extra that is not installed",
            "Install charrnn again, with all its extras.",
        )
    return HOOKS[name].load()
