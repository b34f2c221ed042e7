"""Measures of forecasts, against formulas written apart."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.extras.forecast.measures import crps, measures

numbers = st.floats(-100, 100)


@given(draws=st.lists(numbers, min_size=2, max_size=9), actual=numbers)
def test_crps_is_its_definition(draws, actual):
    """A factor of two; draws that are taken for sorted."""
    apart = sum(abs(a - b) for a in draws for b in draws) / len(draws) ** 2
    expected = sum(abs(a - actual) for a in draws) / len(draws) - apart / 2
    assert crps(np.array([draws]), np.array([actual]))[0] == pytest.approx(expected, abs=1e-9)


def test_crps_of_many_draws_is_that_of_the_normal_distribution():
    """A score that is proper for nothing."""
    draws = np.random.default_rng(1).normal(size=(1, 200_000))
    exact = 2 / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi)  # at 0
    assert crps(draws, np.zeros(1))[0] == pytest.approx(exact, abs=2e-3)


def test_measures_leave_out_what_is_missing():
    """A missing number that is a perfect forecast, or makes everything missing."""
    draws = np.array([[1.0, 2, 3], [0, 0, 0], [5, 6, 7]])
    found = measures(draws, np.array([2.0, np.nan, 10]), scale=2.0)
    assert found["mae"] == pytest.approx(2)
    assert found["mase"] == pytest.approx(1)
    assert found["within_80"] == pytest.approx(0.5)
    assert measures(draws, np.full(3, np.nan), 1.0) == {}
