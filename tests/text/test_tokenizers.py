"""The contract of a tokenizer, once, over the whole registry."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError
from charrnn.settings import TextSettings
from charrnn.text.tokenizers import TOKENIZERS, Characters, from_json, to_json, valid_unicode

every_tokenizer = pytest.mark.parametrize("kind", TOKENIZERS.values(), ids=TOKENIZERS.keys())
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@every_tokenizer
@given(text=texts, cut=st.integers(0, 20))
def test_any_text_comes_back_exactly(kind, text, cut):
    """A normalised line end, a lost astral character, a piece boundary that matters."""
    tokenizer = kind.learn([text[:cut], text[cut:]], TextSettings())
    ids = tokenizer.encode(text)
    assert ids.max() < tokenizer.size
    decode = tokenizer.decoder()
    assert "".join(decode(int(i)) for i in ids) == text
    pieces = [tokenizer.encode(piece) for piece in (text[:cut], text[cut:])]
    assert np.concatenate(pieces).tolist() == ids.tolist()


@every_tokenizer
@given(text=texts)
def test_json_round_trip_and_lengths(kind, text):
    """A vocabulary that changes on the way through a checkpoint; wrong bits per byte."""
    tokenizer = from_json(to_json(kind.learn([text], TextSettings())))
    ids = tokenizer.encode(text)
    characters, lengths = tokenizer.lengths
    assert ids.tolist() == kind.learn([text], TextSettings()).encode(text).tolist()
    assert characters[ids].sum() == len(text)
    assert lengths[ids].sum() == len(text.encode())


@given(text=texts, other=st.characters(exclude_categories=["Cs"]))
def test_unknown_characters_are_named(text, other):
    """A crash, or a character dropped in silence, for a prompt outside the vocabulary."""
    tokenizer = Characters.learn([text], TextSettings())
    if other in text:
        assert tokenizer.encode(other).size == 1
    else:
        with pytest.raises(TextError, match=f"U\\+{ord(other):04X}, character 3"):
            tokenizer.encode(text[0] * 2 + other)


def test_large_vocabularies_have_ids_of_two_bytes():
    """256 characters and more wrapped into a byte."""
    for size, dtype in ((256, np.uint8), (257, np.uint16)):
        text = "".join(chr(0x4E00 + i) for i in range(size))
        ids = Characters.learn([text], TextSettings()).encode(text)
        assert ids.dtype == dtype
        assert ids.tolist() == list(range(size))


def test_bytes_decode_only_whole_characters():
    """Half a character on the screen."""
    decode = TOKENIZERS["byte"].learn([], TextSettings()).decoder()
    assert [decode(b) for b in "é€".encode()] == ["", "é", "", "", "€"]


@given(data=st.binary())
def test_any_bytes_come_back(data):
    """A byte that is not UTF-8 and becomes another, or cannot be shown as Unicode."""
    decode = TOKENIZERS["byte"].learn([], TextSettings()).decoder()
    text = "".join(map(decode, data))
    back = text.encode("utf-8", "surrogateescape")
    assert data.startswith(back)
    assert len(data) - len(back) < 4  # the beginning of a character
    assert len(valid_unicode(text).encode().decode()) == len(text)


@pytest.mark.parametrize(
    "data",
    [None, {}, {"kind": "x"}, {"kind": "char"}, {"kind": "char", "characters": ""},
     {"kind": "char", "characters": "ba"}, {"kind": "char", "characters": 5}],
)  # fmt: skip
def test_foreign_json_is_refused(data):
    """A damaged vocabulary that is taken as it is."""
    with pytest.raises(ValueError, match=r"tokenizer|vocabulary"):
        from_json(data)
