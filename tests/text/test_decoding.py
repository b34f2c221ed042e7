"""Bytes as text: encodings, line ends, documents and records of JSON lines."""

import json

import pytest
from hypothesis import given, strategies as st

from charrnn.errors import TextError, UsageError
from charrnn.text.tokenizers import END
from tests.text.conftest import PIECE, text_in


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")))
def test_text_is_read_as_it_is(text):
    """Line ends translated, or a character lost where two pieces meet."""
    for encoding in ("utf-8", "utf-16", "utf-32-be"):
        for mark in ("", "\ufeff"):
            data = (mark + text).encode(encoding)
            assert text_in(data, size=3, encoding=encoding) == text


@given(data=st.binary(), size=st.integers(1, 5))
def test_any_bytes_pass_when_raw(data, size):
    """A binary file changed on its way to byte tokens."""
    text = text_in(b"." + data, size, raw=True)
    assert text.encode("utf-8", "surrogateescape") == b"." + data


@pytest.mark.parametrize(
    ("data", "where"), [(b"abc\xff", 3), (b"ab\xc3", 2), (b"x" * PIECE + b"\xe2\x82(", PIECE)]
)
def test_the_bad_byte_is_found(data, where):
    """A position counted from the last piece, or off by the bytes that were held back."""
    with pytest.raises(TextError, match=f"byte {where} ") as error:
        text_in(data)
    assert "--encoding" in error.value.hint


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "shift_jis", "utf-7"])
@pytest.mark.parametrize("raw", [False, True])
def test_bad_bytes_are_replaced_or_left_out(encoding, raw):
    """--errors that one kind of text or tokenizer ignores: an hour later the text is refused."""
    bad = b"+2AA-" if encoding == "utf-7" else b"\xff"
    assert text_in(b"a" + bad + b"b", errors="replace", encoding=encoding, raw=raw) == "a\ufffdb"
    assert text_in(b"a" + bad + b"b", errors="skip", encoding=encoding, raw=raw) == "ab"


@pytest.mark.parametrize(
    ("data", "encoding"), [(b"no mark", "utf-16"), (b"ab+2AA-cd", "utf-7"), (b"\xff", "ascii")]
)
def test_other_encodings_fail_in_one_sentence(data, encoding):
    """Codecs that raise other errors than UTF-8's, or let half a surrogate pair through."""
    with pytest.raises(TextError, match=f"x.txt is not {encoding}"):
        text_in(data, encoding=encoding)


@given(
    lines=st.lists(st.sampled_from(["", "a", "bc", "\r"])),
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1),
    size=st.integers(1, 4),
)
def test_line_ends_are_kept_or_made_lf_wherever_the_text_is_cut(lines, ends, size):
    """A CRLF that is cut in two, and becomes two line ends."""
    text = "".join(line + ends[n % len(ends)] for n, line in enumerate(lines))
    told = []
    assert text_in(text.encode(), size, emit=told.append) == text
    assert len(told) == ("\r\n" in text)
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert text_in(text.encode(), size, newlines="lf", emit=told.append) == expected
    assert len(told) == ("\r\n" in text)


@given(
    documents=st.lists(st.text("ab#\n", min_size=1)),
    between=st.sampled_from(["#", "##", "\n\n", "ab", "aba", "#\n#\n", "\0"]),
    size=st.integers(1, 4),
)
def test_documents_end_where_separators_are_wherever_the_text_is_cut(documents, between, size):
    """A separator overlooked at a cut, an empty document, a last one without an end."""
    text = between.join(documents)
    whole = [part for part in text.split(between) if part]
    escaped = between.replace("\n", r"\n").replace("\0", r"\x00")  # as `find -print0` has them
    assert text_in(text.encode(), size, document_per=escaped) == "".join(d + END for d in whole)
    lines = [line for line in text.split("\n") if line]
    if between == "\0":
        return  # no text, in which NULs separate nothing
    for data in (text, text.replace("\n", "\r\n")):
        assert text_in(data.encode(), size, document_per="line") == "".join(x + END for x in lines)
    assert text_in(text.encode(), size, document_per="file") == text + END * bool(text)


@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))),
    size=st.integers(1, 9),
    ascii_only=st.booleans(),
)
def test_json_lines_give_the_texts_in_their_field(texts, size, ascii_only):
    """A record cut in two; a line's end within a text taken for the end of a document."""
    written = [json.dumps({"id": 1, "t": text}, ensure_ascii=ascii_only) for text in texts]
    data = "\n\n".join(written).encode()
    assert text_in(data, size, field="t") == "".join(text + "\n" for text in texts)
    documents = "".join(text + END for text in texts if text)
    assert text_in(data, size, field="t", document_per="line") == documents


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "x.txt, line 2 is not JSON: .* \\(column 2\\)"),
        ("[1]", "line 2 is not a JSON object"),
        ('{"text": "a"}', "line 2 has no field 't'"),
        ('{"t": 5}', "line 2: the field 't' is not a text but int"),
        ('{"t": "\\ud800"}', "line 2: the field 't' has half of a surrogate pair"),
        ('{"t": ' + "[" * 100_000, "line 2 is not JSON"),
        ('{"t": ' + "1" * 5000 + "}", "line 2 is not JSON"),
    ],
)
def test_what_is_wrong_with_a_record_is_said(line, message):
    """A traceback of json's, or no line to look at in a file of a million."""
    with pytest.raises(TextError, match=message):
        text_in(b'{"t": "x"}\n' + line.encode() + b"\n{}", field="t")


def test_half_a_surrogate_pair_in_json_is_replaced_or_left_out():
    """The end of a document smuggled into a text."""
    data = b'{"t": "a\\ud800b"}'
    assert text_in(data, field="t", errors="replace") == "a\ufffdb\n"
    assert text_in(data, field="t", errors="skip", raw=True) == "ab\n"


@pytest.mark.parametrize("wrong", ["", "\\", r"\ud800", r"\x"])
def test_what_cannot_be_a_separator_is_refused(wrong):
    """A traceback of a codec's; END in a text that is to be split there."""
    with pytest.raises(UsageError, match="is not a separator"):
        text_in(b"text", document_per=wrong)
