"""Reading text: errors that say where, and bytes that come back as they were."""

import io

import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError
from charrnn.text import source


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_text_is_read_as_it_is(text):
    """Line ends translated, or a character lost where two pieces meet."""
    for encoding in ("utf-8", "utf-16", "utf-32-be"):
        data = io.BytesIO(text.encode(encoding))
        assert "".join(source.pieces(data, "x", encoding, raw=False)) == text


@given(data=st.binary(), size=st.integers(1, 5))
def test_any_bytes_pass_when_raw(data, size):
    """A binary file changed on its way to byte tokens."""
    small, source.PIECE = source.PIECE, size
    try:
        text = "".join(source.pieces(io.BytesIO(data), "x", "utf-8", raw=True))
    finally:
        source.PIECE = small
    assert text.encode("utf-8", "surrogateescape") == data


@pytest.mark.parametrize(
    ("data", "where"), [(b"abc\xff", 3), (b"ab\xc3", 2), (b"x" * (1 << 22) + b"\xe2\x82(", 1 << 22)]
)
def test_the_bad_byte_is_found(data, where):
    """A position counted from the last piece, or off by the bytes that were held back."""
    with pytest.raises(TextError, match=f"byte {where} ") as error:
        list(source.pieces(io.BytesIO(data), "x.txt", "utf-8", raw=False))
    assert "--encoding" in error.value.hint


def test_binary_files_are_told_apart():
    """A model trained on an executable."""
    with pytest.raises(TextError, match="binary"):
        list(source.pieces(io.BytesIO(b"\x7fELF\0\0"), "x", "utf-8", raw=False))


@pytest.mark.parametrize(
    ("data", "encoding"), [(b"no mark", "utf-16"), (b"ab+2AA-cd", "utf-7"), (b"\xff", "ascii")]
)
def test_other_encodings_fail_in_one_sentence(data, encoding):
    """Codecs that raise other errors than UTF-8's, or let half a surrogate pair through."""
    with pytest.raises(TextError, match=f"x.txt is not {encoding}"):
        list(source.pieces(io.BytesIO(data), "x.txt", encoding, raw=False))
