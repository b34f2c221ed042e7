"""The contract of a tokenizer, once, over the whole registry."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from charrnn.errors import TextError
from charrnn.settings import TextSettings
from charrnn.text.encoding import encode_pieces
from charrnn.text.tokenizers import (
    END,
    TOKENIZERS,
    Characters,
    Tokenizer,
    from_json,
    to_json,
    valid_unicode,
)
from tests.conftest import tale

FORMS = {
    "char": TextSettings(document_per="line"),
    "char with bytes": TextSettings(document_per="line", min_count=2),
    "byte": TextSettings(tokenizer="byte", document_per="line"),
    "bpe": TextSettings(tokenizer="bpe", document_per="line", vocab_size=400),
    "unigram": TextSettings(tokenizer="unigram", document_per="line", vocab_size=400),
}
every_form = pytest.mark.parametrize("form", FORMS)
characters = st.characters(exclude_categories=["Cs"]) | st.sampled_from(" \n\t\r\0\u2581" + END)
texts = st.lists(
    st.text(characters, max_size=30) | st.sampled_from(["of the   house", "\r\n"])
).map("".join)


@cache
def learned(form: str, text: str) -> Tokenizer:
    return TOKENIZERS[FORMS[form].tokenizer].learn([text], FORMS[form])


def tokenizer_of(form: str, text: str) -> Tokenizer:
    """One that encodes this text. Subwords are learned once, from another one."""
    needs_text = FORMS[form].tokenizer == "char"
    return learned(form, text if needs_text else tale(4000) + "naïve Œuvre, 日本語\n" * 9)


def decoded(tokenizer: Tokenizer, ids) -> str:
    return "".join(map(tokenizer.decoder(), np.asarray(ids).tolist()))


def test_every_tokenizer_is_tested():
    """A tokenizer that is registered, and exempt from the contract."""
    texts = {settings.tokenizer for settings in FORMS.values()}
    assert texts | {"number"} == set(TOKENIZERS)  # whose contract is in test_numbers


@every_form
@given(text=texts)
def test_any_text_comes_back_exactly(form, text):
    """A normalised line end, a lost astral character, a run of spaces; wrong bits per byte."""
    tokenizer = tokenizer_of(form, text)
    ids = tokenizer.encode(text)
    assert ids.max(initial=0) < tokenizer.size
    assert decoded(tokenizer, ids) == text
    lengths, sizes = tokenizer.lengths
    assert lengths[ids].sum() == len(text)
    assert sizes[ids].sum() == len(text.replace(END, "\n").encode())
    assert tokenizer.unknown(text) == ""


@every_form
@given(text=texts)
def test_it_does_not_matter_where_a_text_is_cut(form, text):
    """Other tokens for the same text, because it was read in other pieces."""
    tokenizer = tokenizer_of(form, text)
    ids = tokenizer.encode(text).tolist()
    for end in range(len(text) + 1):
        cut = tokenizer.cut(text[:end])
        assert [*tokenizer.encode(text[:cut]), *tokenizer.encode(text[cut:])] == ids
    assert [int(i) for part in encode_pieces(tokenizer, list(text)) for i in part] == ids


@every_form
@given(text=texts)
@settings(max_examples=30)
def test_json_round_trip(form, text):
    """A vocabulary that changes on the way through a checkpoint."""
    tokenizer = tokenizer_of(form, text)
    if tokenizer.size:
        other = from_json(to_json(tokenizer))
        assert to_json(other) == to_json(tokenizer)
        assert other.encode(text).tolist() == tokenizer.encode(text).tolist()
        assert (other.symbols, other.end) == (tokenizer.symbols, tokenizer.end)


@every_form
def test_symbols_tell_tokens_apart(form):
    """Two tokens that fine-tuning takes for one."""
    tokenizer = tokenizer_of(form, "a text\n")
    assert len(set(tokenizer.symbols)) == len(tokenizer.symbols) == tokenizer.size
    assert tokenizer.symbols[tokenizer.end] == END


@every_form
def test_half_a_surrogate_pair_is_unknown(form):
    """An error of Python's, from a text that Python itself can hold."""
    tokenizer = tokenizer_of(form, "abc")
    assert tokenizer.unknown("a\ud801\udfff") == "\ud801\udfff"
    with pytest.raises(TextError, match=r"U\+D801, character 2"):
        tokenizer.encode("a\ud801")


@every_form
@given(numbers=st.lists(st.integers(0, 2**16)))
def test_no_half_characters_come_out(form, numbers):
    """Half a character on the screen, whatever a model writes."""
    tokenizer = tokenizer_of(form, "日本語 text")
    text = decoded(tokenizer, [number % tokenizer.size for number in numbers])
    valid = valid_unicode(text) if tokenizer.raw else text.replace(END, "")
    assert valid.encode().decode() == valid


@every_form
def test_the_end_of_a_document_is_an_error_without_documents(form):
    """A crash on half a surrogate pair; a byte in place of it."""
    plain = TextSettings(FORMS[form].tokenizer, min_count=FORMS[form].min_count, vocab_size=300)
    if plain.tokenizer == "byte":
        return  # whose encode would raise UnicodeEncodeError: it is not asked to
    tokenizer = TOKENIZERS[plain.tokenizer].learn(["ab ab"], plain)
    assert tokenizer.end is None
    assert tokenizer.unknown(f"a{END}b") == END
    with pytest.raises(TextError, match=r"the vocabulary has no .*U\+D800, character 2"):
        tokenizer.encode(f"a{END}b")


@given(text=st.text(characters, min_size=1), other=st.characters(exclude_categories=["Cs"]))
def test_unknown_characters_are_named(text, other):
    """A crash, or a character dropped in silence, for a prompt outside the vocabulary."""
    tokenizer = Characters.learn([text], FORMS["char"])
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


def test_rare_characters_are_bytes():
    """A frequent character written as bytes, a rare one that makes ids of two bytes."""
    frequent = "".join(map(chr, range(0xC0, 0xC0 + 13)))
    tokenizer = Characters.learn([frequent, "日" + frequent], TextSettings(min_count=2))
    assert tokenizer.size == 128 + 13 + 115 == 256
    assert tokenizer.characters[128:] == frequent
    ids = tokenizer.encode("a日")
    assert ids.dtype == np.uint8
    assert [tokenizer.symbols[i] for i in ids] == ["a", "<0xE6>", "<0x97>", "<0xA5>"]


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
     {"kind": "char", "characters": "ba"}, {"kind": "char", "characters": 5},
     {"kind": "char", "characters": "ab", "bytes": True},
     {"kind": "char", "characters": "ab", "bytes": 1}, {"kind": "bpe"},
     {"kind": "bpe", "model": "ö"}, {"kind": "unigram", "model": "AAAA"},
     {"kind": "byte", "documents": 1}],
)  # fmt: skip
def test_foreign_json_is_refused(data):
    """A damaged vocabulary that is taken as it is."""
    with pytest.raises(ValueError, match=r"tokenizer|vocabulary|ASCII"):
        from_json(data)
