"""Reading text: errors that name the byte, and bytes that are read as they are."""

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
        assert "".join(source.read_pieces(data, "x", encoding, raw=False)) == text


@given(data=st.binary(), size=st.integers(1, 5))
def test_any_bytes_pass_when_raw(data, size):
    """A binary file changed on its way to byte tokens."""
    small, source.PIECE = source.PIECE, size
    try:
        text = "".join(source.read_pieces(io.BytesIO(data), "x", "utf-8", raw=True))
    finally:
        source.PIECE = small
    assert text.encode("utf-8", "surrogateescape") == data


@pytest.mark.parametrize(
    ("data", "where"),
    [(b"abc\xff", 3), (b"ab\xc3", 2), (b"x" * source.PIECE + b"\xe2\x82(", source.PIECE)],
)
def test_the_bad_byte_is_found(data, where):
    """A position counted from the last piece, or off by the bytes that were held back."""
    with pytest.raises(TextError, match=f"byte {where} ") as error:
        list(source.read_pieces(io.BytesIO(data), "x.txt", "utf-8", raw=False))
    assert "--encoding" in error.value.hint


def test_binary_files_are_refused():
    """A model trained on an executable."""
    with pytest.raises(TextError, match="binary"):
        list(source.read_pieces(io.BytesIO(b"\x7fELF\0\0"), "x", "utf-8", raw=False))


@pytest.mark.parametrize(
    ("data", "encoding"), [(b"no mark", "utf-16"), (b"ab+2AA-cd", "utf-7"), (b"\xff", "ascii")]
)
def test_other_encodings_fail_in_one_sentence(data, encoding):
    """Codecs that raise other errors than UTF-8's, or let half a surrogate pair through."""
    with pytest.raises(TextError, match=f"x.txt is not {encoding}"):
        list(source.read_pieces(io.BytesIO(data), "x.txt", encoding, raw=False))


def test_a_missing_file_is_named(home):
    """A traceback in place of the path that was mistyped."""
    (home / "folder").mkdir()
    for path, message in (("x.txt", "there is no file x.txt"), ("folder", "is a folder")):
        with pytest.raises(TextError, match=message) as error, source.open_source(path):
            pass
        assert error.value.hint
