"""charrnn gradients: how far back in time the loss depends on the state."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from charrnn.cli.frame import frame
from charrnn.cli.options import (
    Encoding,
    Json,
    Picture,
    Quiet,
    Replace,
    Run,
    TextFlag,
    exclude,
    parse_cells,
    picture_path,
    run_and_file,
)
from charrnn.display.charts import WHOLE, Axis, Chart, Line, marked_line
from charrnn.display.figures import write_figure
from charrnn.display.reports import Report
from charrnn.errors import UsageError, plural, shortened
from charrnn.settings import ModelSettings, TextSettings, flag
from charrnn.tables import Cell, Figure, Key, Table
from charrnn.values import number

if TYPE_CHECKING:
    from charrnn.extras.gradients.gradient_flow import GradientFlow  # which loads torch

_CHART_ROWS = 13
_MOST_GAIN = 1e6
_MEASURE = (
    "Norm of the gradient of the loss with respect to a layer's state k steps back, "
    "relative to k = 0"
)
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
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
    str | None,
    _untrained(
        metavar="X",
        help="variance of its recurrent weights, times the hidden size, or several: 1.5,2,3",
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
    output: Picture = None,
    encoding: Encoding = None,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure how the gradient of the loss vanishes or explodes, step by step back in time.

    Of a run, or of untrained networks.
    """
    exclude(output=output, json=json)
    run, text = run_and_file(run, text, text_file)
    gains = [None] if gain is None else _parse_gains(gain)
    _check(run, text, cell, {"gain": gain, "hidden_size": hidden_size, "layers": layers})
    if encoding and not text:
        raise UsageError("--encoding is that of a text file", "Name one after the run.")
    hidden_size = hidden_size or ModelSettings.hidden_size
    models = [
        ModelSettings(cell=name, hidden_size=hidden_size, layers=layers or 1)
        for name in (parse_cells(cell) if cell else [])
    ]
    path = picture_path(output, yes)
    with frame(quiet=quiet, json=json) as command:
        from charrnn.extras.gradients.gradient_flow import of_run, of_untrained
        from charrnn.text.encoding import bounded
        from charrnn.text.source import read_text

        def read(settings: TextSettings, *, raw: bool) -> str:
            settings = replace(settings, encoding=encoding or "utf-8")
            source = text or "-"
            return "".join(bounded(read_text(source, settings, command.emit, raw), source))

        if models:
            title = untrained_title(gains)
            networks = of_untrained(models, gains, read(TextSettings(), raw=False), command.emit)
        else:
            model = command.load_language_model(run)
            title = model.run
            content = read(model.text, raw=model.tokenizer.raw) if text else None
            networks = of_run(model, content, command.emit)
        report = gradients_report(title, networks)
        if output:
            heading = f"gradient of the loss, {_heading(title, networks)}"
            write_figure([replace(chart, title=heading) for chart in report.charts], path)
            command.say_written(path)
        else:
            command.show(report)


def _check(
    run: str | None, text: str | None, cell: str | None, untrained: Mapping[str, object]
) -> None:
    """UsageError where it is not clear what is to be measured."""
    if cell and run:
        raise UsageError(f"--cell is an untrained network, {run} a run", "Leave one of them out.")
    if cell and not text:
        raise UsageError("an untrained network needs a text", "Name a file.")
    for name, value in untrained.items():
        if value is not None and not cell:
            raise UsageError(f"{flag(name)} is for an untrained network", "Name its --cell.")


def _parse_gains(listed: str) -> list[float]:
    """'1.5,2' -> [1.5, 2.0], each once. UsageError for what is no number, or too large."""
    hint = f"Take numbers between 0 and {_MOST_GAIN:,.0f}: --gain 1.5,2,3."
    try:
        gains = [*dict.fromkeys(map(number, listed.split(",")))]
    except ValueError as error:
        raise UsageError(f"--gain: {error}", hint) from None
    if not all(0 <= gain <= _MOST_GAIN for gain in gains):
        raise UsageError(f"--gain {shortened(listed)} is not a variance", hint)
    return gains


def untrained_title(gains: Sequence[float | None]) -> str:
    """What untrained networks are, with their gain: several stand in the names of the networks."""
    one = gains[0] if len(gains) == 1 else None
    return "untrained" if one is None else f"untrained, recurrent variance {one:g}/n"


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
    heads, heading = ["", *(f"k={k}" for k in back)], _heading(title, networks)
    table = Table(heads, rows, heading, [_MEASURE], inner, wraps=None)
    changes = Table(notes=[_change_of(label, layer) for label, layer in flows.items()])
    return Report(records, [table, changes], [_gradient_chart(lines, steps)])


def _heading(title: str, networks: "Mapping[str, Sequence[GradientFlow]]") -> str:
    return title if len(networks) > 1 else f"{title}, {next(iter(networks))}"


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
    x = Axis("steps back", 0.0, steps, lambda k: f"{k:.0f}", WHOLE)
    y = Axis("norm of the gradient", low, high, _power_of_ten, WHOLE)
    return Chart("", lines, x, y, _CHART_ROWS)


def _power_of_ten(exponent: float) -> str:
    if exponent != round(exponent):
        return f"{10**exponent:.0e}"
    return "10" + str(round(exponent)).translate(_SUPERSCRIPTS)


def _change(decades: float | None) -> str:
    """Powers of ten per step back, in words."""
    if decades is None:
        return "too little comes back to say how fast it changes"
    if abs(decades) < 1e-4:
        return "about the same however far back"
    change = "ten times as large" if decades > 0 else "a tenth as large"
    return f"{change} every {plural(max(1, round(1 / abs(decades))), 'step')} back"
