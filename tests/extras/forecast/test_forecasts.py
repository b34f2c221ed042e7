"""Draws of the next numbers, against networks that are thinned by hand, a step at a time."""

import math

import numpy as np
import pytest

from charrnn.cells import CELLS
from charrnn.extras.forecast.forecasts import Forecaster, Series
from charrnn.network.language_model import LanguageModel
from charrnn.settings import TextSettings
from charrnn.text.tokenizers import Numbers
from tests.random_models import random_checkpoint

VALUES = np.array([200 + t / 4 + 5 * math.sin(t * math.pi / 2) for t in range(90)]).round(1)
SETTINGS = TextSettings(
    tokenizer="number", split="100/0", bins=32, season=4, difference="season", document_per="file"
)
TOKENIZER = Numbers.learn(["".join(f"{value}\n" for value in VALUES)], SETTINGS)
SERIES = Series(VALUES, TOKENIZER.ids(VALUES))


def forecaster(**settings) -> Forecaster:
    checkpoint = random_checkpoint(TOKENIZER, layers=2, **{"dropout": 0.5} | settings)
    return Forecaster(LanguageModel(checkpoint.model, checkpoint.weights), TOKENIZER)


def thinned(model: Forecaster, number: int) -> LanguageModel:
    """One of the networks: a dropped output is a column of what comes next that is zero."""
    weights = dict(model.network.weights)
    for name, mask in zip(("layers.1.weight_ih", "head.weight"), model.masks, strict=True):
        weights[name] = weights[name] * mask[0, number]
    return LanguageModel(model.network.settings, weights)


def chances(model: Forecaster, before: int) -> list[float]:
    """The probability of each bin after so many numbers."""
    total = np.zeros(len(TOKENIZER.bins.centres))
    for number in range(model.networks):
        network = thinned(model, number)
        state = network.zero_state()
        for token in SERIES.ids[:before].tolist():
            logits, state = network.step(token, state)
        weights = np.exp(logits[1 : 1 + len(total)].astype(float))
        total += weights / weights.sum() / model.networks
    return total.tolist()


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_quantiles_of_the_next_number(rate):
    """Chances of the step before; the missing number's share; one network for all."""
    model = forecaster(dropout=rate)
    assert model.networks == (20 if rate else 1)
    found = model.next_numbers(SERIES, 85, 10)
    history = TOKENIZER.scaled(SERIES.ids, SERIES.values)
    edges = TOKENIZER.bins.edges
    for row, before in enumerate(range(85, 90)):
        probabilities = chances(model, before)
        for quantile, level in zip(found[row], (np.arange(10) + 0.5) / 10, strict=True):
            left, bin_number = level, 0
            while left > (probability := probabilities[bin_number]):
                left, bin_number = left - probability, bin_number + 1
            low, high = edges[bin_number : bin_number + 2]
            expected = history[before - 4] + low + (high - low) * left / probability
            assert quantile == pytest.approx(TOKENIZER.scale.unscaled(expected), abs=1e-4)


def test_paths_are_drawn_by_those_chances():
    """Paths that all have one network; numbers that are even over all bins."""
    model = forecaster()
    paths = model.paths(SERIES, 3, 20_000, seed=1)
    history = TOKENIZER.scaled(SERIES.ids, SERIES.values)
    bins = np.searchsorted(TOKENIZER.bins.edges, paths[0] - history[-4], side="right") - 1
    shares = np.bincount(bins, minlength=len(TOKENIZER.bins.centres)) / 20_000
    assert shares == pytest.approx(chances(model, 90), abs=0.015)
    assert paths.shape == (3, 20_000)
    assert np.array_equal(paths[:, :50], model.paths(SERIES, 3, 20_000, seed=1)[:, :50])


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_forecasts(cell):
    """A cell that reads many numbers otherwise than one at a time."""
    model = forecaster(cell=cell, scale=0.1)
    whole = model.next_numbers(SERIES, 60, 20)
    assert np.allclose(whole[-5:], model.next_numbers(SERIES, 85, 20), atol=1e-3)
    assert np.isfinite(model.paths(SERIES, 4, 30, seed=2)).all()
