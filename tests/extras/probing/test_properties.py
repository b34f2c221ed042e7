"""What a text shows, character by character."""

import pytest
from hypothesis import given, strategies as st

from charrnn.extras.probing.properties import PROPERTIES

CASES = [
    ("inside quotes", 'a "bc" d', "__###___"),
    ("inside quotes", "x = 'y' z", "____##___"),
    ("inside quotes", "don't say 'tis\nno", "__________####___"),
    ("inside quotes", "f'a' + b'c' + ab'c", "_##_____##________"),
    ("inside quotes", '"a\\"b" c', "#####___"),
    ("inside quotes", '"""a "b" c""" d', "##########_____"),
    ("inside quotes", '"" a', "#___"),
    ("inside brackets", "f(a[0]) )b(", "_#####____#"),
    ("in a comment (#)", "a # b\nc", "__###__"),
    ("after a newline", "a\n\nb", "_##_"),
    ("after a space", "a b", "_#_"),
    ("in a word", "ab1 c", "##__#"),
    ("after a capital", "aBC", "_##"),
    ("after a digit", "a1", "_#"),
]


@pytest.mark.parametrize(("name", "text", "marks"), CASES)
def test_what_holds_after_each_character(name, text, marks):
    """An apostrophe taken for a quote; a property that holds one character late."""
    assert "".join("#" if v else "_" for v in PROPERTIES[name](text)) == marks


def test_places_in_a_line():
    """A line's end that counts to the line before."""
    assert PROPERTIES["position in the line"]("ab\nc\n\nd").tolist() == [1, 2, 0, 1, 0, 0, 1]
    assert PROPERTIES["indentation"]("  a b\n c").tolist() == [1, 2, 2, 2, 2, 0, 1, 1]


@given(st.text(max_size=200))
def test_every_text_has_its_properties(text):
    """A text that a scanner runs off the end of."""
    for values in PROPERTIES.values():
        assert values(text).shape == (len(text),)
