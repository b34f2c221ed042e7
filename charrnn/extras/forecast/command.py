"""charrnn forecast: a series goes on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from annotated_types import Ge, Interval, Lt

from charrnn.cli.flags import Shown, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import Encoding, Json, Quiet, Replace, Run, exclude, output_path, run_and_file
from charrnn.display.charts import COLOURS, Axis, Chart, Line
from charrnn.display.reports import Report
from charrnn.errors import TextError, UsageError
from charrnn.tables import Cell, Figure, Table

if TYPE_CHECKING:
    from charrnn.text.tokenizers.number_scale import Scale, Values

_HORIZON = 24
_HEADS = ("low", "median", "high")
_SHOWN = 3  # horizons of known numbers in a chart
_ROWS = 15

File = Annotated[
    str | None,
    typer.Argument(
        help="a file of numbers, or - for stdin", show_default="what the run has learned from"
    ),
]
Picture = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="draw it as a picture: .png, .svg or .pdf"
    ),
]


@with_flags("horizon", "count", "seed", "csv")
def forecast(
    run: Run = None,
    file: File = None,
    horizon: Annotated[int, Interval(ge=1, le=10**5), "numbers to forecast"] = _HORIZON,
    count: Annotated[
        int, Interval(ge=2, le=10**5), "continuations that are sampled, of which quantiles are taken"
    ] = 200,
    seed: Annotated[
        int | None, Ge(0), Lt(2**63), "the same seed gives the same forecast", Shown(default="chance")
    ] = None,
    csv: Annotated[bool, "print CSV: step, low, median, high"] = False,
    output: Picture = None,
    encoding: Encoding = None,
    yes: Replace = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Continue a series of numbers: the median and an interval of 80 % of each step.

    Of a run that was trained with --tokenizer number. The table stands above a chart.
    """
    exclude(csv=csv, json=json, output=output)
    path = _picture_path(output, yes)
    with frame(quiet=quiet, json=json) as command:
        run, file = run_and_file(run, file)
        checkpoint = command.load_language_model(run)
        import numpy as np

        from charrnn.extras.forecast.forecasts import Forecaster
        from charrnn.extras.forecast.measures import INTERVAL
        from charrnn.extras.forecast.subjects import numbers_of, series_in_file, series_of_corpus
        from charrnn.network.language_model import LanguageModel

        tokenizer = numbers_of(checkpoint)
        if encoding and not file:
            raise UsageError("--encoding is that of a file", "Name one after the run.")
        otherwise = f"name a file: charrnn forecast {checkpoint.run} FILE"
        if file:
            several = series_in_file(checkpoint, file, encoding, command.emit)
        else:
            several = [series_of_corpus(checkpoint, otherwise)]
        model = Forecaster(LanguageModel(checkpoint.model, checkpoint.weights), tokenizer)
        levels = (INTERVAL[0], 0.5, INTERVAL[1])
        quantiles = [
            np.quantile(model.paths(series, horizon, count, seed), levels, axis=1)
            for series in several
        ]
        if output or not (csv or json):
            known = several[0].values[-_SHOWN * horizon :]
        if csv:
            command.write(_csv(quantiles, tokenizer.scale))
        elif output:
            from charrnn.extras.forecast.figure import save_figure

            _check_single(len(several))
            save_figure(path, known, quantiles[0], f"{checkpoint.run}: the next {horizon}")
            command.say_written(path)
        else:
            report = forecast_report(quantiles, tokenizer.scale, checkpoint.run)
            if len(several) == 1 and not json:
                report = Report([], report.tables, [_chart(known, quantiles[0], checkpoint.run)])
            command.show(report)
