"""The chart of a run."""

import pytest

from charrnn.display.learning_curves import chart_of_run
from charrnn.events import Curves
from tests.display.conftest import curves, plain


@pytest.mark.parametrize(("x", "title", "last"), [
    ("steps", "training steps", 100), ("epochs", "epochs", 2.5), ("time", "training time", 50),
])  # fmt: skip
def test_x_is_what_was_asked_for(x, title, last):
    """Time under the name of steps."""
    chart = chart_of_run("one", "tale", curves(), x)
    assert chart.x.title == title
    assert chart.x.high == chart.lines[0].points[-1][0] == last
    assert title in plain(chart)


def test_a_run_alone_shows_both_its_curves():
    """A single run whose overfitting is not seen."""
    chart = chart_of_run("one", "tale", curves(), "steps")
    assert [line.mark for line in chart.lines] == ["T", "V"]
    assert "one on tale" in plain(chart)


def test_no_points_and_strange_names_are_shown():
    """A crash before the first step; a name that clears the screen."""
    chart = chart_of_run("a\x1b[2J", "b\x1b", Curves([], []), "time")
    assert "\x1b" not in plain(chart)
