"""Curves drawn in text."""

import math

import pytest
from hypothesis import given, strategies as st

from charrnn.display.charts import Axis, Chart, Line, chart_of_run, limits, marked_line
from charrnn.display.dots import draw
from charrnn.events import Curves
from tests.display.conftest import curves, plain

NUMBERS = st.floats(-1e9, 1e9)


def lines(*curves, marks="AB"):
    return [Line(f"run {n}", points, n, mark)
            for n, (points, mark) in enumerate(zip(curves, marks, strict=False))]  # fmt: skip


def chart(drawn, y=(0.0, 1.0)):
    return Chart("tale", drawn, Axis("training steps", 0, 1234, lambda x: f"{x:,.0f}"),
                 Axis("bits per byte", *y, lambda y: f"{y:.2f}"), 9)  # fmt: skip


def test_a_falling_line_goes_from_corner_to_corner():
    """A chart upside down, or mirrored."""
    rows = draw(lines([(0, 1.0), (10, 0.0)], marks=[""]), 4, 2, (0, 10), (0, 1))
    assert rows[0][0][0] != " "
    assert rows[1][3][0] != " "
    assert rows[0][3][0] == rows[1][0][0] == " "


@given(
    curves=st.lists(st.lists(st.tuples(st.floats(0, 1e9), NUMBERS)), max_size=3),
    width=st.integers(1, 50), height=st.integers(1, 12),
)  # fmt: skip
def test_any_curve_fits(curves, width, height):
    """A value outside the axes, or a single point, that crashes a run of hours."""
    rows = draw(lines(*curves, marks="ABC"), width, height, (0, 1e8), (0, 1))
    assert len(rows) == height
    assert all(len(row) == width for row in rows)
    owners = {owner for row in rows for _, owner in row} - {None}
    assert owners <= set(range(len(curves)))
    assert bool(owners) == any(curves)


def test_what_is_not_finite_is_left_out():
    """An OverflowError from a loss that was NaN for one step."""
    drawn = draw(lines([(0, math.nan), (5, 0.5), (9, math.inf)]), 10, 3, (0, 9), (0, 1))
    assert sum(owner is not None for row in drawn for _, owner in row) == 1


def test_every_curve_shows_its_own_mark_even_where_they_cross():
    """Curves that cannot be told apart without colours."""
    curves = [[(x, (x + n) % 7 / 7) for x in range(100)] for n in range(15)]
    marks = [marked_line(n, "").mark for n in range(15)]
    assert len(set(marks)) == 15
    cells = draw(lines(*curves, marks=marks), 60, 15, (0, 99), (0, 1))
    shown = {(cell, owner) for row in cells for cell, owner in row if cell in marks}
    assert {cell for cell, _ in shown} == set(marks)
    assert all(marks.index(cell) == owner for cell, owner in shown)


def test_a_short_curve_has_its_mark_too():
    """A run of one point that the legend names and the chart does not."""
    cells = draw(lines([(x, 0.5) for x in range(100)], [(0, 0.9)]), 60, 9, (0, 99), (0, 1))
    assert any(cell == "B" for row in cells for cell, _ in row)


def test_axes_and_legend_say_what_is_shown():
    """A chart whose axes nobody can read; a name or a figure that is cut at the frame."""
    for columns in (24, 40, 80):
        text = plain(chart(lines([(0, 0.9)], [(9, 0.1)])), columns)
        words = " ".join(text.replace("│", " ").split())
        for word in ("1.00", "0.50", "0.00", "1,234", "A run 0", "B run 1", "bits per byte"):
            assert word in words, columns
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= columns
    assert "training steps" in text


@pytest.mark.parametrize(("low", "high", "steps", "expected"), [
    (0, 1234, (), ["0", "200", "400", "600", "800", "1000", "1200"]),
    (1.93, 2.27, (), ["1.95", "2", "2.05", "2.1", "2.15", "2.2", "2.25"]),
    (-1, 3, (1,), ["-1", "0", "1", "2", "3"]),
    (0, 200, (1, 60, 120), ["0", "60", "120", "180"]),
    (0, 0, (1,), ["0", "1"]),
    (0.35, 0.35, (), ["0.4", "0.6", "0.8", "1", "1.2"]),
    (0, 5e-324, (1,), ["0", "1"]),
    (1e17, 1e17, (), ["1e+17", "1.2e+17", "1.4e+17", "1.6e+17", "1.8e+17", "2e+17"]),
])  # fmt: skip
def test_labels_are_round(low, high, steps, expected):
    """Labels at 1.9757, minutes at 1:40, half a training step; a crash where all is the same."""
    axis = Axis("", low, high, lambda value: f"{value:.4g}", steps)
    assert [*axis.ticks(7).values()] == expected


def test_the_top_says_that_values_lie_above_it():
    """A plateau at the upper limit that is read as a loss."""
    assert "≥1.00" in plain(chart(lines([(0, 3.0), (9, 0.1)])))
    assert "≥" not in plain(chart(lines([(0, 1.0), (9, 0.1)])))


def test_limits_leave_the_first_steps_out():
    """A first loss that flattens all the others; limits of nothing, or of a loss that is NaN."""
    assert limits([8.0, 2.0, 1.5]) == (1.5, 3.0)
    assert limits([2.0, 1.5]) == (1.5, 2.0)
    low, high = limits([1.5])
    assert low < high
    assert limits([math.nan]) == limits([])


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
