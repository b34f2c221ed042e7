"""Charts as SVG."""

import math
import re
from xml.etree import ElementTree as ET

import pytest

from charrnn.display.charts import Axis, Chart, Line, chart_of_lines, marked_line
from charrnn.display.svg import svg_of


def drawn(*charts):
    """The elements of the charts' SVG."""
    return ET.fromstring(svg_of(charts).replace(' xmlns="http://www.w3.org/2000/svg"', ""))


def texts(svg):
    return [element.text for element in svg.iter("text")]


def curve(svg, number=0):
    """The corners of a curve in its color, in pixels."""
    path = svg.find(f".//svg//g[@class='c{number}']/path[@fill='none']").get("d")
    return [tuple(map(float, corner.split())) for corner in re.findall(r"[\d.-]+ [\d.-]+", path)]


def chart(*lines):
    return chart_of_lines("tale", lines, "steps", "character", "a note")


def test_a_curve_goes_through_its_points_between_round_labels():
    """A chart upside down; axes whose labels are 1.1429 and 1.2857."""
    svg = drawn(chart(marked_line(0, "lstm", [(0, 3.0), (500, 2.5), (1000, 2.0)])))
    (x0, y0), (x1, y1), (x2, y2) = curve(svg)
    assert (x0, x1) == (0, pytest.approx(x2 / 2, abs=0.1))
    assert y0 < y1 == pytest.approx((y0 + y2) / 2, abs=0.1)
    shown = texts(svg)
    assert {"2.00", "2.20", "3.00", "0", "200", "1,000", "training steps", "lstm"} <= {*shown}
    assert shown[:2] == ["tale", "bits per character"]
    assert "a note" in shown


def test_a_long_curve_is_small_and_keeps_its_spikes():
    """A megabyte of points on a pixel each; a loss that exploded for one step and is not seen."""
    points = [(n, 2.0 + (n == 54_321) - (n == 1234) * 0.5) for n in range(100_000)]
    svg = drawn(chart(marked_line(0, "a", points)))
    corners = curve(svg)
    assert 150 < len(corners) <= 400
    assert corners[-1][0] == max(x for x, _ in corners)
    levels = sorted({y for _, y in corners})
    assert len(levels) == 3


def test_what_is_not_finite_is_a_gap():
    """A loss of NaN that is drawn at zero, a loss of infinity at the top of the page."""
    values = [2.0, 2.1, math.nan, 2.2, math.inf, math.inf, 2.0, 2.1]
    svg = drawn(chart(marked_line(0, "a", [*enumerate(values)])))
    assert svg.find(".//g[@class='c0']/path[@fill='none']").get("d").count("M") == 3
    assert len(curve(svg)) == 5
    assert not re.search("nan|inf|9999", svg_of([chart(marked_line(0, "a", [*enumerate(values)]))]))


def test_one_point_is_seen():
    """A run of one validation that is in the legend, and nowhere else."""
    svg = drawn(chart(marked_line(0, "a", [(0, 2.0)])))
    (path,) = [p for p in svg.findall(".//svg//path[@stroke='none']") if p.get("d")]
    assert path.get("d").startswith("M0 ")


def test_curves_differ_in_more_than_their_colours():
    """Twelve curves that a printer makes one of; a legend that shows another style."""
    lines = [marked_line(n, f"run {n}", [(0, n + 1.0), (9, n + 2.0)]) for n in range(12)]
    svg = drawn(chart(*lines, Line("run 0", [(0, 1.0)], 0, "A", thin=True)))
    styles = set()
    for group in svg.findall("./g/g"):  # of the legend
        line, marker = group.findall("path")
        shape = re.sub(r"^M[\d. ]+", "", marker.get("d"))
        styles.add((line.get("stroke-dasharray"), shape))
    assert len(styles) == len(svg.findall("./g/g")) == 12


def test_a_band_is_filled_between_its_edges():
    """An interval of which one end is missing."""
    y, line = (
        Axis("numbers", 0, 10, str),
        Line("interval", [(0, 2.0), (9, 1.0)], 1, upper=[(0, 5.0), (9, 9.0)]),
    )
    svg = drawn(Chart("", [line], Axis("steps", 0, 9, str), y, 9))
    edges, area = svg.findall(".//svg//g[@class='c1']/path")
    assert len(re.findall("[ML]", area.get("d"))) == 4
    assert edges.get("d").count("M") == 2
    assert area.get("fill-opacity") == ".2"


def test_it_stands_alone_in_light_and_dark():
    """A font from elsewhere; a picture that a dark page swallows; ids that meet on one page."""
    text = svg_of([chart(marked_line(0, "a", [(0, 2.0)]))] * 2)
    assert "prefers-color-scheme:dark" in text
    assert not re.search(r" id=|href|url\(|@import|<script", text)
    svg = ET.fromstring(text)
    assert svg.get("role") == "img"
    assert svg[0].text == "tale; tale"
    assert "bits per character over training steps: a" in svg[1].text
