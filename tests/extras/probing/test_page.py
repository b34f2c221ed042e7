"""A text as a page, with the findings."""

import json

from charrnn.extras.probing.colorings import gate_coloring
from charrnn.extras.probing.page import page_of
from tests.extras.probing.conftest import TEXT, reading


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
