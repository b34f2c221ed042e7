"""Reports and texts in a notebook: what is shown, and that nothing of it is read as markup."""

from html.parser import HTMLParser

import pytest

from charrnn.display.charts import chart_of_lines, marked_line
from charrnn.display.html import html_of, html_of_shades, html_of_text
from charrnn.display.listings import run_report
from charrnn.display.reports import Report
from charrnn.display.svg import PALETTE
from charrnn.tables import Figure, Key, Styled, Table
from tests.display.conftest import ABOUT, curves

HOSTILE = "<script>alert('1')</script>\u202e\x1b[31m&amp;\udcff\"><img src=x onerror=y>"


class Read(HTMLParser):
    """The names of elements and of attributes, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names, self.attributes, self.text = set(), {}, ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data):
        self.text += data


def report(name):
    """A table with a row, a key of its curve, and the curve."""
    line = marked_line(1, name, [(1, 2.0), (2, 1.0)])
    rows = [[Key("B", line.colour), Styled(name, line.colour), 1234, Figure("1.5 MB")]]
    table = Table(["", name, "parameters", "size"], rows, name, [name])
    return Report([], [table], [chart_of_lines(name, [line], "steps", "byte", name)])


@pytest.mark.parametrize("html", [
    html_of(report(HOSTILE)),
    html_of(run_report({**ABOUT, "run": HOSTILE, "corpus": HOSTILE}, curves()), folded=True),
    html_of_text(HOSTILE),
    html_of_shades([HOSTILE, HOSTILE], [1.0, 0.0], [HOSTILE, ""]),
])  # fmt: skip
def test_nothing_of_a_file_is_markup(html):
    """A run's name, a text or a hint that runs a script in the notebook, or turns its lines."""
    html.encode()  # which a lone surrogate does not survive
    read = Read(html)
    assert not {"script", "img", "b"} & read.names
    assert not {name for name in read.attributes if name.startswith("on") or name == "src"}
    assert not set("\u202e\x1b") & set(html)
    assert "<script>alert('1')</script>\\u202e" in read.text
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")


def test_a_table_has_its_figures_and_the_colours_of_its_curves():
    """A mark that no picture has; numbers that do not stand below each other; a lost title."""
    html = html_of(report("tale"))
    assert html.count("1,234") == html.count("1.5 MB") == 1
    assert html.count("text-align:right") == 4  # two numbers and their heads
    assert f"color:{PALETTE[1]}" in html
    assert "B" not in Read(html).text.split()
    named_like_a_mark = html_of(report("B"))
    assert ">B</td>" in named_like_a_mark


def test_rows_are_folded_below_what_a_run_is():
    """A card that is all settings."""
    html = html_of(run_report(ABOUT, curves()), folded=True)
    above, _, below = html.partition("<details>")
    assert "12,345 parameters" in above
    assert "weight_ih" not in above
    assert "weight_ih" in below.partition("</details>")[0]
    assert "<svg" in below


def test_a_text_keeps_its_lines_and_its_shades():
    """A poem in one line; a surprise that cannot be seen; letters that vanish in a dark page."""
    assert ">a\n\n  b</div>" in html_of_text("a\n\n  b")
    html = html_of_shades(["a", "b", "\n"], [0.0, 0.5, 1.0], ["", "half", "whole"])
    assert html.count("<span") == 2
    assert "rgba(214,39,40,0.5)" in html
    assert 'title="half"' in html
    assert "↵\n" in html
