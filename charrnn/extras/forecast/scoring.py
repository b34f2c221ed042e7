"""The scores of forecasts beside those of naive ones, one step ahead and free-running: for eval."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from charrnn.display.reports import Report
from charrnn.errors import TextError
from charrnn.events import Emit, Progress
from charrnn.extras.forecast.forecasts import Forecaster, Series
from charrnn.extras.forecast.measures import measures
from charrnn.extras.forecast.subjects import numbers_of, part_of_series, series_in_file
from charrnn.network.language_model import LanguageModel
from charrnn.settings import PartName
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tables import Cell, Figure, Table
from charrnn.text.tokenizers.number_scale import Values

HORIZON = 24
"""Steps that are forecast where neither a number nor a season is given."""
_COUNT, _ORIGINS = 200, 50  # draws of each number, and at most so many beginnings of free runs
_HEADS = {"mae": "MAE", "mase": "MASE", "crps": "CRPS", "within_80": "within 80 %"}

Forecasts = tuple[dict[str, Values], Values]
"""Draws (N, K) by who made them, and what came (N,)."""


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
        scored = series_in_file(checkpoint, file, encoding, emit)
    horizon = horizon or checkpoint.text.season or HORIZON
    forecasts = scores_of(checkpoint, scored, horizon, emit)
    (record,) = report.records
    return replace(
        report, records=[{**record, "forecasts": forecasts}],
        tables=[*report.tables, *(table_of(*item) for item in forecasts.items())],
    )  # fmt: skip


def scores_of(
    checkpoint: Checkpoint, scored: Sequence[Series], horizon: int, emit: Emit
) -> dict[str, Any]:
    """The measures of the model and of naive forecasts, one step ahead and free-running.

    TextError if no number is left to forecast.
    """
    tokenizer, season = numbers_of(checkpoint), checkpoint.text.season or 0
    model = Forecaster(LanguageModel(checkpoint.model, checkpoint.weights), tokenizer)
    scored = _with_enough_before(scored, max(1, season, tokenizer.scale.lag))
    horizon = min(horizon, max(len(each.ids) - each.first for each in scored))
    backs = {"naive": 1} | ({"seasonal_naive": season} if season else {})
    results = {
        "one_step": (1, _one_step(model, scored, backs)),
        "free_running": (horizon, _free_running(model, scored, horizon, backs, emit)),
    }
    naive = tokenizer.scale.naive
    return {
        name: {"horizon": steps}
        | {who: measures(draws, actual, naive) for who, draws in by_name.items()}
        for name, (steps, (by_name, actual)) in results.items()
    }


def _with_enough_before(scored: Sequence[Series], least: int) -> list[Series]:
    """The series of which something can be forecast after `least` numbers. TextError for none."""
    later = [replace(each, first=max(each.first, least)) for each in scored]
    if left := [each for each in later if len(each.ids) > each.first]:
        return left
    raise TextError(
        f"a forecast needs more than {least} numbers before it",
        "Score a longer series, or another --part.",
    )


def _one_step(model: Forecaster, scored: Sequence[Series], backs: Mapping[str, int]) -> Forecasts:
    """Each number from all before it."""
    draws = {"this_model": [model.next_numbers(s, s.first, _COUNT) for s in scored]}
    for name, back in backs.items():
        draws[name] = [s.values[s.first - back : len(s.ids) - back, None] for s in scored]
    actual = np.concatenate([s.values[s.first :] for s in scored])
    return {name: np.concatenate(each) for name, each in draws.items()}, actual


def _free_running(
    model: Forecaster, scored: Sequence[Series], horizon: int, backs: Mapping[str, int], emit: Emit
) -> Forecasts:
    """So many numbers at a time, from those before them alone."""
    origins = [
        (series, origin)
        for series in scored
        for origin in range(series.first, len(series.ids) - horizon + 1, horizon)
    ]
    origins = origins[:: -(-len(origins) // _ORIGINS)]
    draws: dict[str, list[Values]] = {"this_model": [], **{name: [] for name in backs}}
    for number, (series, origin) in enumerate(origins, 1):
        known = Series(series.values[:origin], series.ids[:origin])
        draws["this_model"].append(model.paths(known, horizon, _COUNT, origin))
        for name, back in backs.items():
            draws[name].append(np.resize(known.values[origin - back :], horizon)[:, None])
        emit(Progress("forecasting", number, len(origins)))
    actual = np.concatenate([series.values[o : o + horizon] for series, o in origins])
    return {name: np.concatenate(each) for name, each in draws.items()}, actual


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
