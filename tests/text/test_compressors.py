"""Compressors as baselines."""

import random

import numpy as np
import pytest
from hypothesis import given, strategies as st

from charrnn.settings import TextSettings
from charrnn.text.compressors import baselines, text_bytes
from charrnn.text.tokenizers import END, TOKENIZERS

NAMES = {"zlib", "bz2", "xz"}


@pytest.mark.parametrize("kind", ["char", "byte"])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_text_bytes_are_the_text(kind, texts):
    """The end of a document as half a surrogate pair, which no compressor takes."""
    text = "".join(part + END for part in texts)
    tokenizer = TOKENIZERS[kind].learn([text], TextSettings(document_per="line", tokenizer=kind))
    expected = text.replace(END, "\n").encode()
    assert text_bytes(tokenizer.encode(text), tokenizer) == expected


def test_stray_bytes_and_parts_of_characters_stay():
    """A part that begins in the middle of a character, decoded to U+FFFD of three bytes."""
    tokenizer = TOKENIZERS["byte"].learn([], TextSettings(tokenizer="byte"))
    data = bytes(range(256)) + "é".encode()[1:]
    assert text_bytes(np.frombuffer(data, np.uint8), tokenizer) == data


def test_random_bytes_cannot_be_compressed_unless_seen_before():
    """The bits of both texts instead of the second; a compressor that starts anew there."""
    text = random.Random(0).randbytes(8000)
    sizes = baselines(b"", text)
    assert sizes.keys() - {"ppmd"} == NAMES
    assert all(8 <= bits < 9 for bits in sizes.values()), sizes
    again = baselines(text, text)
    assert all(again[name] < 0.2 for name in ("zlib", "xz")), again


def test_nothing_to_compress_has_no_figures():
    """A division by zero for a corpus without a validation part."""
    assert baselines(b"before", b"") == {}
