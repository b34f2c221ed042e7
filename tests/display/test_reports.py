"""Tables that fit, of whatever text."""

import json

import pytest

from charrnn.display.reports import Report, show
from charrnn.tables import Figure, Styled, Table
from tests.display.conftest import WIDTHS, shown

NAMES = ["a-run-with-a-name-of-some-length", "b"]


@pytest.fixture
def table(printed):
    rows = [[NAMES[0], 1_234_567, 123_456, Figure("2.113 ± 0.012")], [NAMES[1], 8, 9, 1.5]]
    heads = ["run", "parameters", "speed", "bits"]
    report = Report([], [Table(heads, rows, optional=["speed", "parameters"])])
    return lambda columns: printed(columns, show, report, False)


@pytest.mark.parametrize("columns", [20, *WIDTHS])
def test_no_figure_is_cut_and_no_name_is_lost(columns, table):
    """Digits that an ellipsis replaces; a run without its name."""
    text, _, left_out = table(columns).partition("Not enough columns")
    assert max(map(len, text.splitlines())) <= columns
    assert "…" not in text
    assert "2.113 ± 0.012" in text
    words = [line.split() for line in text.splitlines()]
    assert "".join(w[0] for w in words[1:] if w and w[0] != "b").startswith(NAMES[0][:4])
    assert ("123,456" in text) == ("speed" not in left_out)
    assert ("1,234,567" in text) == ("parameters" not in left_out)


def test_minor_columns_are_the_first_to_go(table):
    """A narrow terminal that shows the speed and leaves out the size."""
    heads = [table(columns).splitlines()[0].split() for columns in (90, 60, 50)]
    assert heads[0] == ["run", "parameters", "speed", "bits"]
    assert heads[1] == ["run", "parameters", "bits"]
    assert heads[2] == ["run", "bits"]


def test_a_name_stays_where_there_is_little_room(printed):
    """A name in a column of four characters, beside figures of which the last would do."""
    heads = ["label", "examples", "precision", "recall", "F1"]
    rows = [["the-language-of-letters", 12, 0.5, 0.25, 0.125], ["b", 1, 1.0, 1.0, 1.0]]
    out = printed(30, show, Report([], [Table(heads, rows)]), False)
    assert "the-language-o" in out
    assert ("0.125" in out, "0.250" in out, "0.500" in out) == (True, True, False)
    assert " ".join(out.split()).endswith("Not enough columns for: examples, precision")


@pytest.mark.parametrize("widths", [(), (400,)])
def test_a_table_in_a_pipe_is_as_wide_as_it_needs(widths):
    """Names in two lines, columns that are left out, texts that end in an ellipsis: for grep."""
    row, title = ["x" * 400, "name " * 80, 1], "title " * 50
    table = Table(["first", "second", "third"], [row], title, ["note " * 99], ["third"], 0, widths)
    out = shown(show, Report([], [table]), False)
    assert len(out.splitlines()) == 4 + (not widths)
    assert {"x" * 400, "third"} <= set(out.split())
    assert "…" not in out


NASTY = "[red]x[/] [link=a]\n\x1b[2J\u202e"


@pytest.mark.parametrize("widths", [(), (20,)])
def test_text_is_no_markup_and_controls_nothing(printed, widths):
    """A label [red] that is swallowed; a name that clears the screen, or adds a line."""
    table = Table([NASTY, "n"], [[NASTY, Styled(NASTY, "bold")]], NASTY, [NASTY], widths=widths)
    out = printed(200, show, Report([], [table]), False)
    assert out.count(r"[red]x[/] [link=a]\n\x1b[2J\u202e") == 5
    assert "\x1b" not in out


def test_rows_are_printed_as_they_come(printed, capsys):
    """A million lines that are held in memory, and shown after an hour."""

    def rows():
        yield [1, "first"]
        assert "first" in capsys.readouterr().out
        yield [22, "x" * 999]

    out = printed(80, show, Report([], [Table(["line", "text"], rows(), widths=(6,))]), False)
    assert out.startswith("    22  xxx")
    assert max(map(len, out.splitlines())) == 80


def test_records_are_all_that_json_has(printed):
    """A table in the middle of what a program reads."""
    report = Report([{"a": 1}, {"a": 2}], [Table(title="two")])
    assert [json.loads(line)["a"] for line in printed(80, show, report, True).splitlines()] == [
        1,
        2,
    ]
