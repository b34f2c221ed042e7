"""charrnn gradients: how far back in time the loss depends on the state."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import Encoding, Json, Quiet, Run, TextFlag, parse_cells, run_and_file
from charrnn.display.charts import Axis, Chart, Line, marked_line
from charrnn.display.reports import Report
from charrnn.errors import UsageError, plural
from charrnn.settings import ModelSettings, TextSettings, flag
from charrnn.tables import Cell, Figure, Key, Table

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
UntrainedCells = Annotated[
    str | None,
    _untrained(metavar="NAME", help="the cell, or several: lstm,gru,elman; needs TEXT, no RUN"),
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
    cell: UntrainedCells = None,
    gain: Gain = None,
    hidden_size: HiddenSize = None,
    layers: Layers = None,
    encoding: Encoding = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure how the gradient of the loss vanishes or explodes, step by step back in time.

    Of a run, or of untrained networks.
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
    hidden_size = hidden_size or ModelSettings.hidden_size
    models = [
        ModelSettings(cell=name, hidden_size=hidden_size, layers=layers or 1)
        for name in (parse_cells(cell) if cell else [])
    ]
    with frame(quiet=quiet, json=json) as command:
        from charrnn.extras.gradients.gradient_flow import of_run, of_untrained
        from charrnn.text.encoding import bounded
        from charrnn.text.source import read_text

        def read(settings: TextSettings, *, raw: bool) -> str:
            settings = replace(settings, encoding=encoding or "utf-8")
            source = text or "-"
            return "".join(bounded(read_text(source, settings, command.emit, raw), source))

        if models:
            title = "untrained" if gain is None else f"untrained, recurrent variance {gain:g}/n"
            networks = of_untrained(models, gain, read(TextSettings(), raw=False), command.emit)
        else:
            model = command.load_language_model(run)
            title = model.run
            content = read(model.text, raw=model.tokenizer.raw) if text else None
            networks = of_run(model, content, command.emit)
        command.show(gradients_report(title, networks))


def gradients_report(title: str, networks: "Mapping[str, Sequence[GradientFlow]]") -> Report:
    """How the gradient of the loss shrinks or grows, step by step back in time."""
    records = (
        {"network": f"{title}, {name}", **asdict(layer), "decades_per_step": layer.decades_per_step}
        for name, layers in networks.items()
        for layer in layers
    )
    flows = {_label(name, layer, networks): layer
             for name, layers in networks.items() for layer in layers}  # fmt: skip
    lines = [
        marked_line(number, label,
                    [(k, math.log10(norm)) for k, norm in enumerate(layer.norms) if norm > 0])
        for number, (label, layer) in enumerate(flows.items())
    ]  # fmt: skip
    steps = max(len(layer.norms) for layer in flows.values()) - 1
    back = [k for k in _STEPS_BACK if k <= steps]
    rows: list[list[Cell]] = [
        [Key(line.key.plain, line.colour), *(Figure(f"{layer.norms[k]:.1e}") for k in back)]
        for line, layer in zip(lines, flows.values(), strict=True)
    ]
    inner = [f"k={k}" for k in back if k not in (1, back[-1])]
    heading = title if len(networks) > 1 else f"{title}, {next(iter(networks))}"
    table = Table(["", *(f"k={k}" for k in back)], rows, heading, [_MEASURE], inner, wraps=None)
    changes = Table(notes=[_change_of(label, layer) for label, layer in flows.items()])
    return Report(records, [table, changes], [_gradient_chart(lines, steps)])


def _label(
    name: str, layer: "GradientFlow", networks: "Mapping[str, Sequence[GradientFlow]]"
) -> str:
    """What tells the layer of a network from the others: both, or one of the two."""
    if len(networks) == 1:
        return f"layer {layer.layer}"
    return name if len(networks[name]) == 1 else f"{name} layer {layer.layer}"


def _change_of(label: str, layer: "GradientFlow") -> str:
    singular = ", ".join(f"{name} {value:.2f}" for name, value in layer.singular.items())
    largest = f"; largest singular values: {singular}" if singular else ""
    return f"{label}: {_change(layer.decades_per_step)}{largest}"


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
