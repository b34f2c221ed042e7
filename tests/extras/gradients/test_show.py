"""How far back the gradients of a network reach, on a screen."""

import json

import pytest

from charrnn.display.reports import show
from charrnn.extras.gradients.gradient_flow import GradientFlow
from charrnn.extras.gradients.show import gradients_report
from tests.display.conftest import WIDTHS


@pytest.mark.parametrize("columns", WIDTHS)
def test_gradients_are_shown_by_steps_back(printed, columns):
    """The norm of k = 200 under the head of k = 100; a figure that is cut."""
    singular = {"forget": 0.5, "candidate": 1.25}
    layers = [GradientFlow(1, [10 ** (-k / 50) for k in range(201)], singular),
              GradientFlow(2, [1.0] + [0.0] * 200, {})]  # fmt: skip
    report = gradients_report("tale", {"mgu 2x32": layers})
    out = printed(columns, show, report, False)
    assert "tale, mgu 2x32" in out
    head = next(line for line in out.splitlines() if "k=200" in line).split()
    row = next(line for line in out.splitlines() if line.startswith("A layer 1")).split()
    assert row[-1] == "1.0e-04"
    assert head[-1] == "k=200"
    assert len(head) == len(row) - 3
    assert "a tenth as large every 50 steps back" in " ".join(out.split())
    assert "forget 0.50, candidate 1.25" in " ".join(out.split())
    assert "steps back" in out
    (first, _) = printed(80, show, gradients_report("x", {"mgu": layers}), True).splitlines()
    assert json.loads(first)["decades_per_step"] == pytest.approx(-0.02)
