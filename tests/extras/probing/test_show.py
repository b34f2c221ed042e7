"""A text in colours, or as a page, with the findings."""

import json
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from charrnn.extras.probing.colorings import SURPRISE, gate_coloring, unit_coloring
from charrnn.extras.probing.show import page_of, picture_of, show_heatmap
from tests.extras.probing.conftest import TEXT, activations, reading


@pytest.mark.parametrize("columns", [40, 80])
def test_the_text_and_the_findings_are_shown(printed, columns):
    """A character that is lost; a control that the terminal obeys; a row that is cut."""
    out = printed(columns, show_heatmap, reading(), SURPRISE, False)
    assert TEXT.replace("\x1b", "\\x1b") in out
    assert "surprise, in bits" in out
    assert "correlation" in out
    assert "1.forget" in out
    assert "\x1b" not in out
    assert "…" not in out


def test_json_has_a_token_a_line(printed):
    """Another token's value."""
    args = (reading(), unit_coloring("1.c", 2), True)
    *tokens, summary = [json.loads(x) for x in printed(80, show_heatmap, *args).splitlines()]
    assert "".join(token["text"] for token in tokens) == TEXT
    expected = np.concatenate([piece.units["1.c"][:, 2] for piece in activations()])
    np.testing.assert_allclose([t["value"] for t in tokens], expected, atol=1e-4)
    assert {token["coloring"] for token in tokens} == {"unit 1.c2"}
    assert [token["kind"] for token in tokens] == ["token"] * len(TEXT)
    assert (summary["kind"], summary["tokens"]) == ("summary", len(TEXT))
    mean = np.mean([token["bits"] for token in tokens])
    np.testing.assert_allclose(summary["bits_per_character"], mean, atol=1e-4)


def test_progress_is_reported(printed):
    """90 seconds of a megabyte without a sign of life."""
    seen = []
    printed(80, show_heatmap, reading(seen.append), SURPRISE, True)
    assert [(event.done, event.total) for event in seen] == [(20, len(TEXT)), (len(TEXT),) * 2]


def test_the_page_holds_the_text_in_every_colouring():
    """A text that ends the script it is in; a page that needs the network, or a light room."""
    page = page_of("a < b", reading(), [gate_coloring("1.forget")])
    data = page.partition('type="application/json">')[2].partition("</script>")[0]
    found = json.loads(data)
    assert "".join(found["pieces"]) == TEXT
    titles = [view["title"] for view in found["views"]]
    assert titles[:2] == ["surprise, in bits", "gate 1.forget"]
    assert len(titles) == len(set(titles)) > 2
    for view in found["views"]:
        assert len(view["shades"]) == len(view["values"]) == len(TEXT)
        assert max(map(abs, view["shades"])) <= 100
    assert "a &lt; b" in page
    assert "prefers-color-scheme: dark" in page
    assert "http" not in page


def test_the_picture_holds_the_text():
    """A letter that is lost at the end of a row; a text that is markup; a control in XML."""
    svg = ET.fromstring(picture_of("a < b", reading(), SURPRISE))
    assert svg[0].text == "a < b"
    letters = [e.text for e in svg.iter() if int(e.get("y", 0)) > 80]  # below the legend
    assert "".join("".join(letters).split()) == "".join(TEXT.replace("\x1b", "\\x1b").split())


def test_each_letter_of_the_picture_has_its_own_shade():
    """The colour of the letter beside it; blue for what is above zero."""
    coloring = unit_coloring("1.c", 2)
    svg = picture_of("", reading(), coloring)
    cells = {
        (int(x) + cell, int(y)): float(opacity) * (1 if red == "214" else -1)
        for red, opacity, shapes in re.findall(
            r'<path fill="rgb\((\d+),\d+,\d+\)" fill-opacity="([\d.]+)" d="(.*?)"', svg
        )
        for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)", shapes)
        for cell in range(0, int(width), 8)
    }
    shades = [float(s) for piece in activations() for s in coloring.shades(coloring.values(piece))]
    for number, shade in enumerate(shades[:14]):  # up to the escape, which takes four cells
        assert cells.get((16 + 8 * number, 80), 0.0) == round(shade, 1)
