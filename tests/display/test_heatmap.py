"""A text in colours, and as a page, with what was found."""

import json

import numpy as np
import pytest

from charrnn.display.coloring import Gate, Surprise, Unit
from charrnn.display.heatmap import show_heatmap
from charrnn.display.report import report_colorings, report_page
from charrnn.inference.activations import Activations
from charrnn.inference.probes import Findings

TEXT = 'the "old" king\x1b\n' * 3 + "</script><b>\n"


def activations():
    """The text read in two pieces by an LSTM of 1x4."""
    rng = np.random.default_rng(0)
    for piece in (TEXT[:20], TEXT[20:]):
        n = len(piece)
        units = {f"1.{state}": rng.standard_normal((n, 4), np.float32) for state in "hc"}
        gates = {"1.forget": rng.random((n, 4), np.float32)}
        yield Activations(np.arange(n), list(piece), rng.random(n, np.float32) * 9, units, gates)


@pytest.mark.parametrize("columns", [40, 80])
def test_the_text_and_the_findings_are_shown(printed, columns):
    """A character that is lost; a control that the terminal obeys; a row that is cut."""
    out = printed(
        columns, show_heatmap, activations(), Surprise(), Findings(TEXT), False, len(TEXT)
    )
    assert TEXT.replace("\x1b", "\\x1b") in out
    assert "surprise, in bits" in out
    assert "correlation" in out
    assert "1.forget" in out
    assert "\x1b" not in out
    assert "…" not in out


def test_json_has_a_token_a_line(printed):
    """Another token's value."""
    args = (activations(), Unit("1.c", 2), Findings(TEXT), True, len(TEXT))
    *tokens, summary = [json.loads(x) for x in printed(80, show_heatmap, *args).splitlines()]
    assert "".join(token["text"] for token in tokens) == TEXT
    expected = np.concatenate([piece.units["1.c"][:, 2] for piece in activations()])
    np.testing.assert_allclose([t["unit 1.c2"] for t in tokens], expected, atol=1e-4)
    assert summary["tokens"] == len(TEXT)


def test_progress_is_reported(printed):
    """90 seconds of a megabyte without a sign of life."""
    seen = []
    findings = Findings(TEXT)
    printed(80, show_heatmap, activations(), Surprise(), findings, True, len(TEXT), seen.append)
    assert [(event.done, event.total) for event in seen] == [(20, len(TEXT)), (len(TEXT),) * 2]


def test_the_page_holds_the_text_in_every_colouring():
    """A text that ends the script it is in; a page that needs the network, or a light room."""
    findings = Findings(TEXT)
    for piece in activations():
        findings.add(piece)
    chosen = report_colorings(findings, [Gate("1.forget")])
    assert chosen[:2] == [Surprise(), Gate("1.forget")]
    assert len(chosen) == len(set(chosen))
    page = report_page("a < b", activations(), chosen, findings)
    data = page.partition('type="application/json">')[2].partition("</script>")[0]
    found = json.loads(data)
    assert "".join(found["pieces"]) == TEXT
    assert [view["title"] for view in found["views"]] == [coloring.title for coloring in chosen]
    for view in found["views"]:
        assert len(view["shades"]) == len(view["values"]) == len(TEXT)
        assert max(map(abs, view["shades"])) <= 100
    assert "a &lt; b" in page
    assert "prefers-color-scheme: dark" in page
    assert "http" not in page
