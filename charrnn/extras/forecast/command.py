"""charrnn forecast: a series goes on."""

from dataclasses import replace
from typing import Annotated

import typer
from annotated_types import Ge, Interval, Lt

from charrnn.cli.flags import Shown, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import (
    Encoding,
    Json,
    Picture,
    Quiet,
    Replace,
    Run,
    exclude,
    picture_path,
    run_and_file,
)
from charrnn.display.figures import write_figure
from charrnn.errors import TextError, UsageError

_HORIZON = 24
_SHOWN = 3  # horizons of known numbers in a chart

File = Annotated[
    str | None,
    typer.Argument(
        help="a file of numbers, or - for stdin", show_default="what the run has learned from"
    ),
]


@with_flags("horizon", "count", "seed", "csv")
def forecast(
    run: Run = None,
    file: File = None,
    horizon: Annotated[int, Interval(ge=1, le=10**5), "numbers to forecast"] = _HORIZON,
    count: Annotated[
        int,
        Interval(ge=2, le=10**5),
        "continuations that are sampled, of which quantiles are taken",
    ] = 200,
    seed: Annotated[
        int | None,
        Ge(0),
        Lt(2**63),
        "the same seed gives the same forecast",
        Shown(default="chance"),
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
    path = picture_path(output, yes)
    with frame(quiet=quiet, json=json) as command:
        run, file = run_and_file(run, file)
        checkpoint = command.load_language_model(run)
        import numpy as np

        from charrnn.extras.forecast.forecasts import Forecaster
        from charrnn.extras.forecast.measures import INTERVAL
        from charrnn.extras.forecast.show import chart_of, forecast_report, rows_of
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
        if output and len(several) > 1:
            raise TextError(
                f"{file} has {len(several)} series, and a picture shows one",
                "Leave -o out, or name a file of one series.",
            )
        model = Forecaster(LanguageModel(checkpoint.model, checkpoint.weights), tokenizer)
        levels = (INTERVAL[0], 0.5, INTERVAL[1])
        quantiles = [
            np.quantile(model.paths(series, horizon, count, seed), levels, axis=1)
            for series in several
        ]
        first = several[0].values[-_SHOWN * horizon :], quantiles[0], checkpoint.run
        if csv:
            rows = rows_of(quantiles, tokenizer.scale)
            command.write("".join(",".join(row) + "\n" for row in rows))
        elif output:
            write_figure([chart_of(*first)], path)
            command.say_written(path)
        else:
            report = forecast_report(quantiles, tokenizer.scale, checkpoint.run)
            charts = [chart_of(*first)] if len(several) == 1 else []
            command.show(replace(report, charts=charts))
