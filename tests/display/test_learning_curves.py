"""Learning curves: over what, and together with whom."""

import pytest

from charrnn.display.learning_curves import RunCurves, charts, curves_report
from charrnn.display.reports import show
from charrnn.events import Curves
from tests.display.conftest import WIDTHS, curves, plain

RUNS = [RunCurves("one", "tale", curves()), RunCurves("two", "tale", curves(last=3.0))]


@pytest.mark.parametrize(("x", "title", "last"), [
    ("steps", "training steps", 100), ("epochs", "epochs", 2.5), ("time", "training time", 50),
])  # fmt: skip
def test_x_is_what_was_asked_for(x, title, last):
    """Time under the name of steps."""
    (chart,) = charts(RUNS, x, together=False)
    assert chart.x.title == title
    assert chart.x.high == chart.lines[0].points[-1][0] == last
    assert title in plain(chart)


@pytest.mark.parametrize("columns", WIDTHS)
def test_runs_are_told_apart_in_a_pipe(printed, columns):
    """Curves that only their colours told apart."""
    out = printed(columns, show, curves_report(RUNS), False)
    assert "\x1b" not in out
    for mark, name in (("A", "one"), ("B", "two")):
        assert f"{mark} {name}" in out
        assert out.count(mark) > 1, "in the chart, too"


def test_units_never_share_an_axis():
    """Bits per byte and per character in one chart, even where corpora may share one."""
    runs = [*RUNS, RunCurves("bytes", "tale", curves("byte"))]
    titles = [chart.y.title for chart in charts(runs, "time", together=True)]
    assert titles == ["bits per character", "bits per byte"]


def test_a_run_alone_shows_both_its_curves():
    """A single run whose overfitting is not seen."""
    (chart,) = charts(RUNS[:1], "steps", together=False)
    assert [line.mark for line in chart.lines] == ["T", "V"]
    assert "one on tale" in plain(chart)


def test_runs_are_compared_by_what_all_of_them_have():
    """A run without a validation part that has a legend and no curve."""
    bare = RunCurves("bare", "tale", Curves(curves().training, []))
    (chart,) = charts([*RUNS, bare], "time", together=False)
    assert "training" in chart.title
    assert all(line.points for line in chart.lines)
    (chart,) = charts(RUNS, "time", together=False)
    assert "validation" in chart.title


def test_no_points_and_strange_names_are_shown():
    """A crash before the first step; a name that clears the screen."""
    (chart,) = charts([RunCurves("a\x1b[2J", "b\x1b", Curves([], []))], "time", together=False)
    assert "\x1b" not in plain(chart)
