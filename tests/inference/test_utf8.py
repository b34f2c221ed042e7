"""Which bytes may follow which."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

from charrnn.inference.utf8 import utf8_tables
from charrnn.settings import SampleSettings, TextSettings
from charrnn.text.preparation import prepare
from charrnn.text.tokenizers import Tokenizer, from_json, to_json, valid_unicode
from tests.conftest import tale
from tests.inference.models import BACKENDS, constant

WITH_BYTES = {
    "byte": TextSettings(tokenizer="byte"),
    "documents": TextSettings(tokenizer="byte", document_per="line"),
    "char": TextSettings(min_count=2),
    "bpe": TextSettings(tokenizer="bpe", vocab_size=300),
}
ALLOWED, STATE_AFTER = utf8_tables(np.arange(256))
ENDS = [end for n in range(4) for end in product((0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF), repeat=n)]
some_bytes = st.sampled_from([0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF]) | st.integers(0xC0, 0xFF)


def tokenizer_of(text: bytes, settings: TextSettings) -> Tokenizer:
    """The tokenizer of a corpus that is made of the text, as a checkpoint stores it."""
    Path("text").write_bytes(text)
    return from_json(to_json(prepare(["text"], settings, None, lambda _: None).tokenizer))


def states_of(data: bytes) -> list[int]:
    """The states of UTF-8 after each byte, as long as it may come."""
    states = [0]
    for byte in data:
        if ALLOWED[states[-1], byte] != 0:
            break
        states.append(int(STATE_AFTER[states[-1], byte]))
    return states[1:]


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@example(data=b"\xed\xa0")
@given(data=st.lists(some_bytes, max_size=5).map(bytes))
def test_a_byte_may_come_where_the_codec_takes_it(data):
    """An overlong form, half a surrogate pair, a code point above the last one."""
    found = states_of(data)
    for length in range(1, len(data) + 1):
        begin = data[:length]
        can_end = any(is_text(begin + bytes(end)) for end in ENDS)
        assert (length <= len(found)) == can_end, begin
        if not can_end:
            break
        assert (found[length - 1] == 0) == is_text(begin), begin


def test_every_character_can_be_written():
    """A script that a model can never write."""
    for first in range(0, 0x110000, 61):
        if not 0xD800 <= first < 0xE000:
            data = chr(first).encode()
            assert states_of(data)[-1:] == [0], hex(first)
            assert len(states_of(data)) == len(data)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("form", WITH_BYTES)
def test_a_model_that_has_learned_nothing_writes_whole_characters(home, form, backend):
    """Broken characters, one in some thousands, in the texts of a model of bytes or subwords."""
    settings = WITH_BYTES[form]
    tokenizer = tokenizer_of((tale(2000) + "é").encode(), settings)
    network = constant([1 / tokenizer.size] * tokenizer.size)
    sampled = SampleSettings(length=300, count=3, seed=1, top_p=0.9)
    for text in BACKENDS[backend](network, tokenizer, sampled):
        assert text.text == valid_unicode(text.text)
        assert "\N{REPLACEMENT CHARACTER}" not in text.text
        assert len(text.text) == 300 or text.ended == "document"


def test_a_file_that_is_not_text_is_learned_as_it_is(home):
    """A model of a picture that writes UTF-8."""
    settings = WITH_BYTES["byte"]
    assert tokenizer_of(b"a\xffb", settings).single_bytes is None
    assert tokenizer_of("aéb".encode(), settings).single_bytes is not None
