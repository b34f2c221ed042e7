"""Rows whose order means something learn together."""

import pytest
import torch

from charrnn.engine.smoothing import smooth
from tests.random_models import untrained_module


@pytest.mark.parametrize("count", [1, 2, 9, 40, 256])
def test_each_row_becomes_a_mean_of_those_around_it(count):
    """Rows at the ends that lose a part of their gradient; a row that leaks into others."""
    rows = torch.zeros(count + 4, 3, dtype=torch.float64)
    rows[:2], rows[-2:] = 7, 9
    rows[2:-2] = 5
    smooth(rows, slice(2, 2 + count))
    assert torch.allclose(rows[2:-2], torch.full((count, 3), 5.0, dtype=torch.float64))
    assert (rows[:2] == 7).all()
    assert (rows[-2:] == 9).all()
    rows[2:-2] = 0
    rows[2 + count // 2] = 1
    smooth(rows, slice(2, 2 + count))
    peak = rows[2:-2, 0]
    assert (peak > 0).all() or count > 100  # far away it rounds to nothing
    assert int(peak.argmax()) == count // 2
    steps = peak.diff()
    assert (steps[: count // 2] >= 0).all()
    assert (steps[count // 2 :] <= 0).all()


def test_what_is_drawn_keeps_its_size():
    """An embedding of numbers that begins near zero."""
    torch.manual_seed(1)
    rows = torch.randn(64, 16)
    before = rows[1:].std()
    smooth(rows, slice(1, 64), keep_scale=True)
    assert rows[1:].std() == pytest.approx(float(before), rel=1e-4)
    zeros = torch.zeros(5, 2)
    smooth(zeros, slice(0, 5), keep_scale=True)
    assert not zeros.any()


def test_letters_learn_alone():
    """Smoothing of what has no order: letters, and all but the embedding and the output."""
    letters = untrained_module(9)
    given = {name: torch.randn_like(p) for name, p in letters.named_parameters()}
    for name, parameter in letters.named_parameters():
        parameter.grad = given[name].clone()
    letters.smooth_gradients()
    assert all(torch.equal(p.grad, given[name]) for name, p in letters.named_parameters())
