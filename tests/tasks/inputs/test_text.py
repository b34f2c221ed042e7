"""Texts as inputs."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError
from charrnn.settings import TextSettings
from charrnn.tasks.inputs.text import TextInput
from charrnn.text.tokenizers import Characters
from tests.tasks.conftest import task_on

TOKENIZER = Characters(" abcé")


@given(st.lists(st.text(" abcxé", max_size=9), min_size=1, max_size=5), st.booleans())
def test_together_is_each_alone(texts, aligned):
    """Ids of one text that another one gets; an empty text without a token."""
    source = TextInput(TextSettings(), " " if aligned else None)
    texts = [text or "a" for text in texts] if aligned else texts
    ids, lengths = source.encode(TOKENIZER, texts)
    ends = np.cumsum([0, *lengths])
    assert min(lengths) >= 1
    for number, text in enumerate(texts):
        alone, (length,) = source.encode(TOKENIZER, [text])
        assert ids[ends[number] : ends[number + 1]].tolist() == alone.tolist()
        assert length == lengths[number]
        if aligned:
            assert length == len(text)


def test_what_is_read_is_what_was_stored(corpus):
    """A prediction of other ids than those that were learned from."""
    reads = task_on(corpus).input
    for example in range(9):
        text = reads.shown(corpus.ids(example), example)
        assert reads.read(text, "error").tolist() == corpus.ids(example).tolist()
    assert reads.read("", "skip").tolist() == [0]
    assert reads.read("a€", "skip").tolist() == reads.read("a", "skip").tolist()
    with pytest.raises(TextError, match="no '€'"):
        reads.read("a€", "error")
