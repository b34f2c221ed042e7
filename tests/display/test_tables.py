"""Tables that fit."""

import pytest

from charrnn.display.tables import Column, fitted
from tests.display.conftest import WIDTHS, plain

NAMES = ["a-run-with-a-name-of-some-length", "b"]


def table(columns):
    return plain(fitted([
        Column("run", NAMES, left=True, wraps=True),
        Column("parameters", ["1,234,567", "8"], drop=1),
        Column("speed", ["123,456", "9"], drop=2),
        Column("bits", ["2.113 ± 0.012", "1.5"]),
    ], columns), columns)  # fmt: skip


@pytest.mark.parametrize("columns", [20, *WIDTHS])
def test_no_figure_is_cut_and_no_name_is_lost(columns):
    """Digits that an ellipsis replaces; a run without its name."""
    text = table(columns)
    assert max(map(len, text.splitlines())) <= columns
    assert "…" not in text
    assert "2.113 ± 0.012" in text
    words = [line.split() for line in text.splitlines()]
    assert "".join(w[0] for w in words[1:] if w and w[0] != "b").startswith(NAMES[0][:4])
    if "speed" in text:
        assert "123,456" in text
    if "parameters" in text:
        assert "1,234,567" in text


def test_minor_columns_are_the_first_to_go():
    """A narrow terminal that shows the speed and leaves out the size."""
    heads = [table(columns).splitlines()[0].split() for columns in (90, 60, 50)]
    assert heads[0] == ["run", "parameters", "speed", "bits"]
    assert heads[1] == ["run", "parameters", "bits"]
    assert heads[2] == ["run", "bits"]
