"""Spans of tags, and how many of them are predicted."""

import pytest

from charrnn.tasks.outputs.spans import Scheme, Span
from charrnn.tasks.outputs.tag_scores import TagScore


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-x I-x O B-x B-x", [(0, 1, "x"), (3, 3, "x"), (4, 4, "x")]),
        ("I-x I-y I-y O", [(0, 0, "x"), (1, 2, "y")]),
        ("B-x E-x I-x S-x U-y", [(0, 1, "x"), (2, 2, "x"), (3, 3, "x"), (4, 4, "y")]),
        ("N N . O N", [(0, 1, "N"), (2, 2, "."), (4, 4, "N")]),
        ("O O", []),
        ("B-x I-y", [(0, 0, "x"), (1, 1, "y")]),
        ("B I O B B", [(0, 1, "span"), (3, 3, "span"), (4, 4, "span")]),
        ("B M E S", [(0, 2, "span"), (3, 3, "span")]),
        ("x-B x-I O y_S", [(0, 1, "x"), (3, 3, "y")]),
        ("B_x I_x O B-x", [(0, 1, "x"), (3, 3, "x")]),
        ("S S . O M M", [(0, 1, "S"), (2, 2, "."), (4, 5, "M")]),  # strings and marks, no scheme
        ("B-x I-x N N", [(0, 1, "x"), (2, 3, "N")]),
        ("N_B B_N O", [(0, 0, "N_B"), (1, 1, "B_N")]),
    ],
)
def test_spans_of_every_scheme(tags, expected):
    """Two spans that are joined, or one that is cut."""
    assert Scheme(tags.split()).spans(tags.split()) == [Span(*one) for one in expected]


def test_a_span_counts_if_all_of_it_is_right():
    """An end that does not matter; a kind that does not."""
    score = TagScore(Scheme(["B-x", "I-x", "B-y", "O"]))
    score.add(["B-x", "I-x", "O", "B-y"], ["B-x", "O", "O", "B-y"])
    score.add(["B-x"], ["B-x"])
    assert (score.accuracy, score.span_f1) == (4 / 5, 2 / 3)
    kinds = score.details()["kinds"]
    assert kinds["x"] == {"spans": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5}
    (table,) = score.tables()
    assert [row[0] for row in table.rows] == ["x", "y"]
