"""Which tokens may be drawn, and with which probabilities."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from charrnn.inference.drawing import penalized, warped
from charrnn.settings import SampleSettings

logits = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=40).map(np.array)
settings = st.just(SampleSettings(temp=0.0)) | st.builds(
    SampleSettings,
    temp=st.floats(1e-300, 100),
    top_k=st.none() | st.integers(1, 50),
    top_p=st.none() | st.floats(0, 1, exclude_min=True),
    min_p=st.none() | st.floats(0, 1),
)


def probabilities(logits, settings):
    """The probabilities that logits (V,) come to."""
    with np.errstate(over="ignore"):  # a tiny temperature
        weights = np.exp(warped(logits - logits.max(), settings).astype(np.float64))
    return weights / weights.sum()


@given(logits, settings)
def test_every_setting_gives_a_distribution_that_keeps_the_likeliest(logits, settings):
    """Everything filtered out, NaN from a tiny temperature, a sum that is not 1."""
    p = probabilities(logits, settings)
    assert p.sum() == pytest.approx(1)
    assert (p >= 0).all()
    assert p.max() > 0
    assert logits[p.argmax()] == pytest.approx(logits.max())  # the same but for rounding
    if settings.top_k:
        assert np.count_nonzero(p) <= settings.top_k
    if settings.min_p:
        assert (p[p > 0] >= settings.min_p * p.max() * (1 - 1e-9)).all()


@given(logits, settings)
def test_torch_and_numpy_leave_out_the_same(logits, settings):
    """A filter that is written for one library, and something else in the other."""
    logits = logits.astype(np.float32) - logits.astype(np.float32).max()
    with np.errstate(over="ignore"):
        expected = warped(logits, settings)
    found = warped(torch.from_numpy(logits.copy()), settings).numpy()
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))


def test_filters_by_hand():
    """Top-p without the token that crosses the line; filters applied before the temperature."""
    logits = np.log([0.5, 0.25, 0.15, 0.1])
    plain = SampleSettings()
    two = pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert probabilities(logits, plain) == pytest.approx([0.5, 0.25, 0.15, 0.1])
    assert probabilities(logits, replace(plain, top_k=2)) == two
    assert probabilities(logits, replace(plain, top_p=0.6)) == two
    assert probabilities(logits, replace(plain, min_p=0.4)) == two
    assert probabilities(logits, replace(plain, temp=0)).tolist() == [1, 0, 0, 0]
    squares = np.array([0.25, 0.0625, 0.0225, 0.01])
    assert probabilities(logits, replace(plain, temp=0.5)) == pytest.approx(squares / squares.sum())
    flat = replace(plain, temp=2.0, top_p=0.6)
    assert np.count_nonzero(probabilities(logits, flat)) == 2


def test_a_penalty_makes_recent_tokens_less_likely():
    """A penalty that makes tokens likelier, or that is for the token before the first."""
    logits = np.array([2.0, -1.0, 3.0, -0.5])
    less = penalized(logits, np.array([-1, 0, 1]), 2.0)
    assert less.tolist() == [1.0, -2.0, 3.0, -0.5]
