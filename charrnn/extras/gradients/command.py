"""charrnn gradients: how far back in time the loss depends on the state."""

from functools import partial
from typing import Annotated

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Encoding, Json, Quiet, Run
from charrnn.errors import UsageError
from charrnn.settings import CellName, ModelSettings, flag

_untrained = partial(typer.Option, rich_help_panel="An untrained network")

TextFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="a text, or - for stdin", show_default="the validation part"),
]
UntrainedCell = Annotated[
    CellName | None, _untrained(metavar="NAME", help="its cell; needs --text, and no RUN")
]
Gain = Annotated[
    float | None,
    _untrained(
        min=0, max=1e6, metavar="X", help="variance of its recurrent weights, times the hidden size"
    ),
]
HiddenSize = Annotated[
    int | None,
    _untrained(min=1, max=4096, metavar="N", help="its hidden units per layer", show_default="256"),
]
Layers = Annotated[
    int | None, _untrained(min=1, max=64, metavar="N", help="its layers", show_default="1")
]


def gradients(
    run: Run = None,
    text: TextFile = None,
    cell: UntrainedCell = None,
    gain: Gain = None,
    hidden_size: HiddenSize = None,
    layers: Layers = None,
    encoding: Encoding = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure how the gradient of the loss vanishes or explodes, step by step back in time.

    Of a run, or of an untrained network.
    """
    if cell and run:
        raise UsageError(f"--cell is an untrained network, {run} a run", "Leave one of them out.")
    if cell and not text:
        raise UsageError("an untrained network needs a text", "Name a file with --text.")
    for name, value in {"gain": gain, "hidden_size": hidden_size, "layers": layers}.items():
        if value is not None and not cell:
            raise UsageError(f"{flag(name)} is for an untrained network", "Name its --cell.")
    if encoding and not text:
        raise UsageError("--encoding is that of a text file", "Name one with --text.")
    with frame(quiet=quiet, json=json) as command:
        from charrnn.extras.gradients.gradient_flow import of_run, of_untrained
        from charrnn.extras.gradients.show import gradients_report

        if cell and text:
            model = ModelSettings(cell=cell, hidden_size=hidden_size or 256, layers=layers or 1)
            network = of_untrained(model, gain, text, encoding or "utf-8", command.emit)
        else:
            network = of_run(run, text, encoding or "utf-8", command.emit)
        command.show(gradients_report(*network))
