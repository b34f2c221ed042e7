"""charrnn gradients: how far back in time the loss depends on the state."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Encoding, Json, Quiet, Run, TextFlag, run_and_file
from charrnn.display.charts import Axis, Chart, Line, line_style
from charrnn.display.reports import Report
from charrnn.errors import UsageError
from charrnn.settings import CellName, ModelSettings, flag
from charrnn.tables import Cell, Figure, Styled, Table, plural

if TYPE_CHECKING:
    from charrnn.extras.gradients.gradient_flow import GradientFlow  # which loads torch

_CHART_ROWS = 13
_MEASURE = (
    "Norm of the gradient of the loss with respect to a layer's state k steps back, "
    "relative to k = 0"
)
_STEPS_BACK = (1, 5, 10, 20, 50, 100, 200)

_untrained = partial(typer.Option, rich_help_panel="An untrained network")

Text = Annotated[
    str | None,
    typer.Argument(
        metavar="TEXT", help="a text file, or - for stdin", show_default="the validation part"
    ),
]
UntrainedCell = Annotated[
    CellName | None, _untrained(metavar="NAME", help="its cell; needs a TEXT, and no RUN")
]
Gain = Annotated[
    float | None,
    _untrained(
        min=0, max=1e6, metavar="X", help="variance of its recurrent weights, times the hidden size"
    ),
]
HiddenSize = Annotated[
    int | None,
    _untrained(
        min=1,
        max=4096,
        metavar="N",
        help="its hidden units per layer",
        show_default=str(ModelSettings.hidden_size),
    ),
]
Layers = Annotated[
    int | None, _untrained(min=1, max=64, metavar="N", help="its layers", show_default="1")
]


def gradients(
    run: Run = None,
    text: Text = None,
    text_file: TextFlag = None,
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
    run, text = run_and_file(run, text, text_file)
    if cell and run:
        raise UsageError(f"--cell is an untrained network, {run} a run", "Leave one of them out.")
    if cell and not text:
        raise UsageError("an untrained network needs a text", "Name a file.")
    for name, value in {"gain": gain, "hidden_size": hidden_size, "layers": layers}.items():
        if value is not None and not cell:
            raise UsageError(f"{flag(name)} is for an untrained network", "Name its --cell.")
    if encoding and not text:
        raise UsageError("--encoding is that of a text file", "Name one after the run.")
    with frame(quiet=quiet, json=json) as command:
        from charrnn.extras.gradients.gradient_flow import of_run, of_untrained

        if cell and text:
            model = ModelSettings(
                cell=cell, hidden_size=hidden_size or ModelSettings.hidden_size, layers=layers or 1
            )
            network = of_untrained(model, gain, text, encoding or "utf-8", command.emit)
        else:
            network = of_run(run, text, encoding or "utf-8", command.emit)
        command.show(gradients_report(*network))


def gradients_report(network: str, layers: "Sequence[GradientFlow]") -> Report:
    """How the gradient of the loss shrinks or grows, step by step back in time."""
    records = (
        {"network": network, **asdict(layer), "decades_per_step": layer.decades_per_step}
        for layer in layers
    )
    lines = [
        Line(f"layer {layer.layer}",
             [(k, math.log10(norm)) for k, norm in enumerate(layer.norms) if norm > 0],
             *line_style(number))
        for number, layer in enumerate(layers)
    ]  # fmt: skip
    back = [k for k in _STEPS_BACK if k < len(layers[0].norms)]
    rows: list[list[Cell]] = [
        [Styled(line.key.plain, line.colour), *(Figure(f"{layer.norms[k]:.1e}") for k in back)]
        for line, layer in zip(lines, layers, strict=True)
    ]
    inner = [f"k={k}" for k in back if k not in (1, back[-1])]
    table = Table(["", *(f"k={k}" for k in back)], rows, network, [_MEASURE], inner, wraps=None)
    changes = Table(notes=[_change_of(layer) for layer in layers])
    return Report(records, [table, changes], [_gradient_chart(lines, len(layers[0].norms) - 1)])


def _change_of(layer: "GradientFlow") -> str:
    singular = ", ".join(f"{value:.2f}" for value in layer.singular)
    largest = f"; largest singular values {singular}" if singular else ""
    return f"layer {layer.layer}: {_change(layer.decades_per_step)}{largest}"


def _gradient_chart(lines: Sequence[Line], steps: int) -> Chart:
    powers = [y for line in lines for _, y in line.points] or [0.0]
    low = math.floor(min(powers))
    high = max(math.ceil(max(powers)), low + 1)
    x = Axis("steps back", 0.0, steps, lambda k: f"{k:.0f}")
    y = Axis("norm of the gradient", low, high, lambda power: f"{10**power:.0e}")
    return Chart("", lines, x, y, _CHART_ROWS)


def _change(decades: float | None) -> str:
    """Powers of ten per step back, in words."""
    if decades is None:
        return "too little comes back to say how fast it changes"
    if abs(decades) < 1e-4:
        return "about the same however far back"
    change = "ten times as large" if decades > 0 else "a tenth as large"
    return f"{change} every {plural(max(1, round(1 / abs(decades))), 'step')} back"
