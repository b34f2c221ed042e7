"""Curves drawn in text."""

from hypothesis import given, strategies as st

from charrnn import chart


def test_a_falling_line_goes_from_corner_to_corner():
    """A chart upside down, or mirrored."""
    rows = chart.draw([[(0, 1.0), (10, 0.0)]], 4, 2, 10, 0.0, 1.0)
    assert rows[0][0][0] != " "
    assert rows[1][3][0] != " "
    assert rows[0][3][0] == rows[1][0][0] == " "


@given(
    curves=st.lists(st.lists(st.tuples(st.floats(0, 1e9), st.floats(-1e9, 1e9))), max_size=3),
    width=st.integers(1, 50), height=st.integers(1, 12),
)  # fmt: skip
def test_any_curve_fits(curves, width, height):
    """A value outside the axes, or a single point, that crashes a run of hours."""
    rows = chart.draw(curves, width, height, 1e8, 0.0, 1.0)
    assert len(rows) == height
    assert all(len(row) == width for row in rows)
    owners = {owner for row in rows for _, owner in row} - {None}
    assert owners <= set(range(len(curves)))
    assert bool(owners) == any(curves)
