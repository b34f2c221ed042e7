"""charrnn gradients: how far back in time the loss depends on the state."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated

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
from charrnn.display.figures import write_figure
from charrnn.errors import UsageError
from charrnn.settings import ModelSettings, TextSettings, flag
from charrnn.values import number

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
        from charrnn.extras.gradients.show import gradients_report, heading_of, untrained_title
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
            heading = f"gradient of the loss, {heading_of(title, networks)}"
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
    """'1.5,2' -> [1.5, 2.0], each once. UsageError for what is no number."""
    try:
        return [*dict.fromkeys(map(number, listed.split(",")))]
    except ValueError as error:
        raise UsageError(f"--gain: {error}", "Take numbers: --gain 1.5,2,3.") from None
