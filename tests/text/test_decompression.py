"""Compressed texts: what is recognised, what is damaged, and how far one may unpack."""

import bz2
import gzip
import lzma

import pytest

from charrnn.errors import TextError
from charrnn.text import decompression
from tests.conftest import tale
from tests.text.conftest import PIECE, text_in


def zstd_compress(data):
    """The data packed by zstd, or a skipped test where it is not installed."""
    return pytest.importorskip("backports.zstd").compress(data)


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd_compress}


@pytest.mark.parametrize("kind", PACKERS)
def test_compressed_files_are_recognised_by_their_content(kind):
    """A second member left out, a pause at a cut, padding taken for damage."""
    first, second = (tale(3000, seed).encode() for seed in (1, 2))
    data = PACKERS[kind](first) + PACKERS[kind](b"") + PACKERS[kind](second)
    for size in (20, 1000, PIECE):
        assert text_in(data, size).encode() == first + second
    assert text_in(PACKERS[kind](b"") + bytes(4)) == ""
    assert text_in(data[:2] * 2, encoding="latin-1") != "", "too short to be compressed"


@pytest.mark.parametrize("kind", PACKERS)
def test_damaged_compressed_files_are_refused(kind):
    """Half of a text, or a traceback of each library's own."""
    packed = PACKERS[kind](tale(30_000).encode())
    for data, message in (
        (packed[:-9], "x.txt is cut short"),
        (packed[:3000], "x.txt is cut short"),
        (packed[:2000] + b"\xff" * 500 + packed[2500:], "x.txt is (damaged|cut short)"),
        (packed + b"and something else", "x.txt is damaged"),
    ):
        with pytest.raises(TextError, match=message) as error:
            text_in(data)
        assert "again" in error.value.hint


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_a_file_that_unpacks_without_end_is_refused(kind, monkeypatch):
    """A disk filled by 10 kB."""
    monkeypatch.setattr(decompression, "_ANY_RATIO", 1 << 19)
    monkeypatch.setattr(decompression, "_LARGEST_RATIO", 100)
    data = PACKERS[kind](b"a" * (1 << 21))
    with pytest.raises(TextError, match="unpacks to more than 100 times its size"):
        text_in(data)
    monkeypatch.setattr(decompression, "_ANY_RATIO", 1 << 21)
    assert len(text_in(data)) == 1 << 21


def test_xz_cannot_ask_for_any_memory():
    """1.5 GB taken by a file of 100 bytes."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    data = lzma.compress(b"text", filters=filters)
    with pytest.raises(TextError, match="needs more than 256 MB of memory"):
        text_in(data)
