"""Forecasts as people see them: a table and a chart."""

import math
from collections.abc import Sequence

from charrnn.display.charts import WHOLE, Axis, Chart, Line
from charrnn.display.reports import Report
from charrnn.tables import Figure, Table
from charrnn.text.tokenizers.number_scale import Scale, Values

_HEADS = ("low", "median", "high")
_ROWS = 15


def rows_of(quantiles: Sequence[Values], scale: Scale) -> list[list[str]]:
    """The heads, and low, median and high (3, N) of each step as texts.

    Where there are several series, with that of each, which count from 1.
    """
    rows = [["series", "step", *_HEADS]]
    for series, each in enumerate(quantiles, 1):
        for step, values in enumerate(each.T.tolist(), 1):
            rows.append([str(series), str(step), *map(scale.text, values)])
    return rows if len(quantiles) > 1 else [row[1:] for row in rows]


def forecast_report(quantiles: Sequence[Values], scale: Scale, run: str) -> Report:
    """A record and a row for each step of each series."""
    records = (
        {"run": run, "series": series, "step": step, **dict(zip(_HEADS, values, strict=True))}
        for series, each in enumerate(quantiles, 1)
        for step, values in enumerate(each.T.tolist(), 1)
    )
    heads, *rows = rows_of(quantiles, scale)
    return Report(records, [Table(heads, [[*map(Figure, row)] for row in rows], wraps=None)])


def chart_of(known: Values, quantiles: Values, run: str) -> Chart:
    """The last numbers (K,), and the low end, median and high end (3, N) of what follows."""
    before, after = range(1 - len(known), 1), range(1, quantiles.shape[1] + 1)
    low, median, high = ([*zip(after, row, strict=True)] for row in quantiles.tolist())
    lines = [
        Line("median", median, 1, "M"),
        Line("interval of 80 %", low, 1, upper=high),
        Line("known", [*zip(before, known.tolist(), strict=True)], 0, "K"),
    ]
    values = [y for _, y in (*low, *median, *high, *lines[-1].points) if math.isfinite(y)]
    x = Axis(
        "steps after the end", before[0], after[-1], lambda n: f"{n:+.0f}" if n else "0", WHOLE
    )
    y = Axis("numbers", min(values), max(values), lambda value: f"{value:.4g}")
    return Chart(run, lines, x, y, _ROWS)
