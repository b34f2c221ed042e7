"""The sizes of texts by general compressors, to compare a model's bits per byte with."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from charrnn.text.tokenizers import END, Ids, Tokenizer

BEFORE = 16 << 20
"""Bytes before the text that compressors are given at most: the last ones."""
TEXT = 4 << 20
"""Bytes of the text that they compress at most: the first ones."""
_PIECE = 1 << 18  # tokens that are Python integers at a time


def text_bytes(tokens: Ids, tokenizer: Tokenizer) -> bytes:
    """The text of tokens (N,) as UTF-8, with a newline for END.

    Bytes that are not UTF-8 stay as they were.
    """
    if tokenizer.raw:
        if tokenizer.end is not None:
            tokens = np.where(tokens == tokenizer.end, ord("\n"), tokens)
        return tokens.astype(np.uint8, copy=False).tobytes()
    decode = tokenizer.decoder()
    pieces = []
    for first in range(0, len(tokens), _PIECE):
        text = "".join(map(decode, tokens[first : first + _PIECE].tolist()))
        pieces.append(text.replace(END, "\n").encode("utf-8", "surrogateescape"))
    return b"".join(pieces)


def baselines(before: bytes, text: bytes) -> dict[str, float]:
    """Bits per byte of a text that is compressed after another, by the compressor's name.

    Only the last 16 MiB before and the first 4 MiB of the text count. ppmd is among them if pyppmd
    is installed. They learn as they go, like dynamic evaluation. {} for no text.
    """
    before, text = before[-BEFORE:], text[:TEXT]
    if not text:
        return {}
    compressors, whole = _compressors(), before + text
    with ThreadPoolExecutor(2) as threads:  # they compress without Python's lock
        longer = [threads.submit(size, whole) for size in compressors.values()]
        shorter = [threads.submit(size, before) for size in compressors.values()]
    sizes = zip(compressors, longer, shorter, strict=True)
    return {name: 8 * (a.result() - b.result()) / len(text) for name, a, b in sizes}


def _compressors() -> dict[str, Callable[[bytes], int]]:
    """Compressors that are installed: bytes -> the number of bytes that remain."""
    compressors: dict[str, Callable[[bytes], int]] = {
        "xz": xz_size,  # by far the slowest begins
        "bz2": lambda data: len(bz2.compress(data)),
        "zlib": lambda data: len(zlib.compress(data, 9)),
    }
    try:
        import pyppmd
    except ImportError:
        return compressors
    # Order 6 is PPMd's usual; with 256 MiB it never has to forget what these sizes taught it.
    ppmd = lambda data: len(pyppmd.compress(data, max_order=6, mem_size=1 << 28))  # noqa: E731
    return {**compressors, "ppmd": ppmd}


def xz_size(data: bytes) -> int:
    """Bytes by `xz -9e`, whose dictionary of 64 MiB is made no larger than the data."""
    size = min(max(4096, len(data)), 64 << 20)
    settings = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": size}
    return len(lzma.compress(data, filters=[settings]))
