"""The scores of forecasts beside those of naive ones, one step ahead and free-running: for eval."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from charrnn.display.reports import Report
from charrnn.errors import TextError
from charrnn.events import Emit, Progress
from charrnn.extras.forecast.forecasts import Forecaster, Series
from charrnn.extras.forecast.measures import measures
from charrnn.extras.forecast.subjects import Scored, numbers_of, part_of_series, series_in_file
from charrnn.network.language_model import LanguageModel
from charrnn.settings import PartName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tables import Cell, Figure, Table
from charrnn.text.tokenizers.number_scale import Values

HORIZON = 24
"""Steps that are forecast where neither a number nor a season is given."""
_COUNT, _ORIGINS = 200, 50  # draws of each number, and at most so many beginnings of free runs
_HEADS = {"mae": "MAE", "mase": "MASE", "crps": "CRPS", "within_80": "within 80 %"}

Forecast = Callable[[Series, int, int], Values]
"""A series, the first number, how many -> draws (N, K)."""


def with_forecasts(
    report: Report,
    checkpoint: Checkpoint,
    source: tuple[str | None, str | None, PartName | None],
    horizon: int | None,
    emit: Emit,
) -> Report:
    """The report of a score, with that of forecasts of the same: of a file or a part."""
    file, encoding, part = source
    if file is None:
        scored = [part_of_series(checkpoint, part)]
    else:
        scored = [Scored(each, 0) for each in series_in_file(checkpoint, file, encoding, emit)]
    horizon = horizon or checkpoint.text.season or HORIZON
    forecasts = scores_of(checkpoint, scored, horizon, emit)
    (record,) = report.records
    return replace(
        report, records=[{**record, "forecasts": forecasts}],
        tables=[*report.tables, *(table_of(*item) for item in forecasts.items())],
    )  # fmt: skip


def scores_of(
    checkpoint: Checkpoint, scored: Sequence[Scored], horizon: int, emit: Emit
) -> dict[str, Any]:
    """The measures of the model and of naive forecasts, one step ahead and free-running.

    TextError if no number is left to forecast.
    """
    tokenizer, season = numbers_of(checkpoint), checkpoint.text.season or 0
    model = Forecaster(LanguageModel(checkpoint.model, checkpoint.weights), tokenizer)
    least = max(1, season, tokenizer.scale.lag)
    scored = [replace(each, first=max(each.first, least)) for each in scored]
    scored = [each for each in scored if len(each.series.ids) > each.first]
    if not scored:
        raise TextError(
            f"a forecast needs more than {least} numbers before it",
            "Score a longer series, or another --part.",
        )
    horizon = min(horizon, max(len(each.series.ids) - each.first for each in scored))
    origins = [
        (each.series, origin)
        for each in scored
        for origin in range(each.first, len(each.series.ids) - horizon + 1, horizon)
    ]
    origins = origins[:: -(-len(origins) // _ORIGINS)]
    kinds = {"naive": 1} | ({"seasonal_naive": season} if season else {})

    def free(series: Series, origin: int) -> Values:
        known = Series(series.values[:origin], series.ids[:origin])
        return model.paths(known, horizon, _COUNT, origin)

    one_step = {"this_model": [model.next_numbers(s.series, s.first, _COUNT) for s in scored]}
    free_run: dict[str, list[Values]] = {"this_model": []}
    for number, (series, origin) in enumerate(origins, 1):
        free_run["this_model"].append(free(series, origin))
        emit(Progress("forecasting", number, len(origins)))
    for name, back in kinds.items():
        one_step[name] = [
            s.series.values[s.first - back : len(s.series.values) - back, None] for s in scored
        ]
        free_run[name] = [
            np.resize(series.values[origin - back : origin], horizon)[:, None]
            for series, origin in origins
        ]
    actual = np.concatenate([s.series.values[s.first :] for s in scored])
    after = np.concatenate([series.values[o : o + horizon] for series, o in origins])
    naive = tokenizer.scale.naive

    def measured(draws: Mapping[str, Sequence[Values]], actual: Values) -> dict[str, Any]:
        return {n: measures(np.concatenate(each), actual, naive) for n, each in draws.items()}

    return {
        "one_step": {"horizon": 1, **measured(one_step, actual)},
        "free_running": {"horizon": horizon, **measured(free_run, after)},
    }


def table_of(name: str, scores: Mapping[str, Any]) -> Table:
    """The measures as people see them."""
    steps = scores["horizon"]
    title = "one step ahead" if name == "one_step" else f"free-running, {steps} steps"
    rows: list[list[Cell]] = [
        [kind.replace("_", " "), *(_shown(key, measured.get(key)) for key in _HEADS)]
        for kind, measured in scores.items()
        if kind != "horizon"
    ]
    return Table([title, *_HEADS.values()], rows)


def _shown(name: str, value: float | None) -> Cell:
    if value is None:
        return None
    return Figure(f"{value:.0%}" if name == "within_80" else f"{value:.4g}")
