"""charrnn import: weights that were trained elsewhere become a run."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Json, Quiet

File = Annotated[
    Path,
    typer.Argument(help="a state dictionary of torch.save, or a safetensors file", metavar="FILE"),
]
VocabularyFile = Annotated[
    str | None,
    typer.Option(
        "--vocabulary",
        help="a JSON list of its characters, the text it was trained on, or bytes",
        show_default="what the file says", metavar="FILE",
    ),
]  # fmt: skip
CellOption = Annotated[
    Literal["lstm", "gru", "elman", "relu"] | None,
    typer.Option(
        help="recurrent cell", show_default="by its shapes; elman for an RNN", metavar="NAME"
    ),
]
RunName = Annotated[
    str | None,
    typer.Option("--run", help="name of the new run", show_default="as the file", metavar="NAME"),
]


def import_weights(
    file: File,
    vocabulary: VocabularyFile = None,
    cell: CellOption = None,
    run: RunName = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make a run of a torch.nn.LSTM, GRU or RNN that was trained elsewhere.

    It can be sampled, scored, inspected, fine-tuned (train --from) and exported.
    """
    with frame(quiet=quiet, json=json) as command:
        from charrnn.extras.importing.run import import_run

        command.show_record(import_run(file, vocabulary, cell, run, command.emit).record())
