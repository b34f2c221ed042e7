"""One run, and how far back its gradients reach."""

import json

import pytest

from charrnn.display.run_summary import show_gradients, show_run
from charrnn.evaluation.gradient_flow import GradientFlow
from charrnn.events import Curves
from tests.display.conftest import WIDTHS, curves

ABOUT = {
    "run": "tale", "corpus": "tale", "step": 1, "parameters": 12345, "vocabulary_size": 65,
    "model": {"cell": "lstm", "layers": 2, "hidden_size": 32, "task": "text", "crf": False},
    "train": {"time": None, "seed": 1}, "text": {"tokenizer": "byte"},
    "weights": {"layers.0.weight_ih": [128, 16]},
}  # fmt: skip


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_run_says_what_it_is(printed, columns):
    """A setting or a size that is left out; bits per character of a byte model."""
    out = printed(columns, show_run, ABOUT, curves("byte"), False)
    words = " ".join(out.split())
    for word in ("lstm 2x32", "12,345 parameters", "after 1 step on", "seed 1", "tokenizer byte",
                 "128x16", "2.100 bits per byte", "tale on tale"):  # fmt: skip
        assert word in words
    assert "time" not in out.partition("╭")[0]
    assert "crf" not in out  # which is of another task
    about = json.loads(printed(80, show_run, ABOUT, curves(), True))
    assert about["model"] == ABOUT["model"]
    assert len(about["training"]) == 10
    assert "╭" not in printed(80, show_run, ABOUT, Curves([], []), False)


@pytest.mark.parametrize("columns", WIDTHS)
def test_gradients_are_shown_by_steps_back(printed, columns):
    """The norm of k = 200 under the head of k = 100; a figure that is cut."""
    layers = [GradientFlow(1, [10 ** (-k / 50) for k in range(201)], [0.5, 1.25]),
              GradientFlow(2, [1.0] + [0.0] * 200, [])]  # fmt: skip
    out = printed(columns, show_gradients, "tale, lstm 2x32", layers, False)
    head = next(line for line in out.splitlines() if "k=200" in line).split()
    row = next(line for line in out.splitlines() if line.startswith("A layer 1")).split()
    assert row[-1] == "1.0e-04"
    assert head[-1] == "k=200"
    assert len(head) == len(row) - 3
    assert "a tenth as large every 50 steps back" in " ".join(out.split())
    assert "0.50, 1.25" in " ".join(out.split())
    assert "steps back" in out
    (first, _) = printed(80, show_gradients, "x", layers, True).splitlines()
    assert json.loads(first)["decades_per_step"] == pytest.approx(-0.02)
