"""A text in colours, with the findings."""

import json

import numpy as np
import pytest

from charrnn.extras.probing.colorings import SURPRISE, unit_coloring
from charrnn.extras.probing.show import show_heatmap
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
    np.testing.assert_allclose([t["unit 1.c2"] for t in tokens], expected, atol=1e-4)
    assert summary["tokens"] == len(TEXT)


def test_progress_is_reported(printed):
    """90 seconds of a megabyte without a sign of life."""
    seen = []
    printed(80, show_heatmap, reading(seen.append), SURPRISE, True)
    assert [(event.done, event.total) for event in seen] == [(20, len(TEXT)), (len(TEXT),) * 2]
