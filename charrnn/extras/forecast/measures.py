"""What forecasts are worth: errors, scaled errors, CRPS, and how often the interval holds.

MASE is the mean absolute error of the median, divided by that of the seasonal naive forecast over
the training part, one step ahead: Hyndman and Koehler 2006,
https://doi.org/10.1016/j.ijforecast.2006.03.001. CRPS is E|X - y| - E|X - X'| / 2: Gneiting and
Raftery 2007, https://doi.org/10.1198/016214506000001437.
"""

import math

import numpy as np

from charrnn.text.tokenizers.number_scale import Values

INTERVAL = 0.1, 0.9
"""The quantiles at the ends of the interval of 80 %."""


def crps(draws: Values, actual: Values) -> Values:
    """The continuous ranked probability score (N,) of draws (N, K) of what was actual (N,)."""
    count = draws.shape[1]
    weights = (2 * np.arange(1, count + 1) - count - 1) / count**2
    score: Values = np.abs(draws - actual[:, None]).mean(axis=1) - np.sort(draws, axis=1) @ weights
    return score


def measures(draws: Values, actual: Values, scale: float) -> dict[str, float]:
    """The measures of draws (N, K), or of single forecasts (N, 1), of numbers (N,); NaN: missing.

    `scale` is what MASE divides by.
    """
    known = ~np.isnan(actual) & ~np.isnan(draws).any(axis=1)
    draws, actual = draws[known], actual[known]
    if not len(actual):
        return {}
    error = float(np.abs(np.median(draws, axis=1) - actual).mean())
    scores = {"mae": error, "mase": error / scale if scale else math.nan}
    scores["crps"] = float(crps(draws, actual).mean())
    if draws.shape[1] > 1:
        low, high = np.quantile(draws, INTERVAL, axis=1)
        scores["within_80"] = float(((low <= actual) & (actual <= high)).mean())
    return scores
