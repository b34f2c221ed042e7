"""charrnn forecast: a series goes on."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from annotated_types import Ge, Interval, Lt

from charrnn.cli.flags import Shown, with_flags
from charrnn.cli.frame import frame
from charrnn.cli.options import (
    Encoding,
    Json,
    Quiet,
    Replace,
    Run,
    exclude,
    output_path,
    run_and_file,
)
from charrnn.display.charts import COLOURS, Axis, Chart, Line
from charrnn.display.figures import check_figure
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
    typer.Option("--output", "-o", metavar="FILE", help="draw it as a picture: .png, .svg or .pdf"),
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
    if output:
        check_figure(None if output == "-" else Path(output))
    path = output_path(output, yes)
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
        if csv:
            command.write(_csv(quantiles, tokenizer.scale))
            return
        single = None
        if len(several) == 1:
            single = several[0].values[-_SHOWN * horizon :], quantiles[0], checkpoint.run
        if output:
            from charrnn.extras.forecast.figure import save_figure

            if single is None:
                raise TextError(
                    f"{file} has {len(several)} series, and a picture shows one",
                    "Leave -o out, or name a file of one series.",
                )
            save_figure(path, *single)
            command.say_written(path)
        else:
            report = forecast_report(quantiles, tokenizer.scale, checkpoint.run)
            command.show(replace(report, charts=[chart_of(*single)] if single else []))


def _rows(quantiles: "Sequence[Values]", scale: "Scale") -> Iterator[list[str]]:
    """Series, step, low, median and high of each step, as texts; series count from 1."""
    for series, each in enumerate(quantiles, 1):
        for step, values in enumerate(each.T.tolist(), 1):
            yield [str(series), str(step), *map(scale.text, values)]


def _csv(quantiles: "Sequence[Values]", scale: "Scale") -> str:
    first = 0 if len(quantiles) > 1 else 1  # the column of the series
    rows = [["series", "step", *_HEADS], *_rows(quantiles, scale)]
    return "".join(",".join(row[first:]) + "\n" for row in rows)


def forecast_report(quantiles: "Sequence[Values]", scale: "Scale", run: str) -> Report:
    """A record and a row for each step of each series."""
    first = 0 if len(quantiles) > 1 else 1
    records = (
        {"run": run, "series": series, "step": step, **dict(zip(_HEADS, values, strict=True))}
        for series, each in enumerate(quantiles, 1)
        for step, values in enumerate(each.T.tolist(), 1)
    )
    rows: list[list[Cell]] = [[*map(Figure, row[first:])] for row in _rows(quantiles, scale)]
    heads = ["series", "step", *_HEADS][first:]
    return Report(records, [Table(heads, rows, wraps=None)])


def chart_of(known: "Values", quantiles: "Values", run: str) -> Chart:
    """The last numbers (K,), and the low end, median and high end (3, N) of what follows."""
    before = len(known)
    after = range(before, before + quantiles.shape[1])
    low, median, high = ([*zip(after, row, strict=True)] for row in quantiles.tolist())
    lines = [
        Line("median", median, COLOURS[1], "M"),
        Line("interval of 80 %", low, COLOURS[2], ""),
        Line("interval of 80 %", high, COLOURS[2], ""),
        Line("known", [*enumerate(known.tolist())], COLOURS[0], "K"),
    ]
    values = [y for line in lines for _, y in line.points if math.isfinite(y)]
    x = Axis("steps", 0.0, after[-1], lambda index: f"{index - before + 1:+.0f}")
    y = Axis("numbers", min(values), max(values), lambda value: f"{value:.4g}")
    return Chart(run, lines, x, y, _ROWS)
