"""The vocabulary of a network that was trained elsewhere.

It is a JSON list of characters in the order of ids, a JSON object of character -> id or id ->
character, or one that has such a one; a text that has each character once, in that order; or any
other text, whose distinct characters, by code point, are the vocabulary: `sorted(set(text))`.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import CheckpointError
from charrnn.settings import TextSettings
from charrnn.text.source import read_text
from charrnn.text.tokenizers import Bytes, Characters, Tokenizer

BYTES = "bytes"
"""The name of the vocabulary in which an id is a byte."""
KEY = "vocabulary"
"""Its key in the metadata of a safetensors file."""

_IN_ORDER = "Name the characters that the network was trained with, in the order of their ids."


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer, and `rows` (V,): where the file has each of its ids. `text`: how it is read."""

    tokenizer: Tokenizer
    rows: NDArray[np.intp]
    text: TextSettings


def find_vocabulary(name: str | None, metadata: Mapping[str, str], size: int) -> Vocabulary:
    """The vocabulary of `size` that a person named, else that of the metadata.

    `name`: BYTES, or a file. CheckpointError where there is none, or it does not fit; TextError
    where the file cannot be read.
    """
    source = metadata.get(KEY) if name is None else name
    if source is None:
        raise CheckpointError(
            "the file does not say its vocabulary",
            "Name a JSON list of its characters in the order of their ids, or the text that the "
            "network was trained on: --vocabulary FILE."
            + (" Ids that are bytes: --vocabulary bytes." if size == 256 else ""),
        )
    if source in (BYTES, f'"{BYTES}"'):
        return _bytes(size)
    if name is None:
        return _of_entries(_entries(source), size, f"the metadata's {KEY}", TextSettings())
    return _from_file(name, size)


def _bytes(size: int) -> Vocabulary:
    if size != 256:
        raise CheckpointError(
            f"a vocabulary of bytes has 256 ids, and the weights {size}", _IN_ORDER
        )
    return Vocabulary(Bytes(), np.arange(256), TextSettings(tokenizer="byte"))


def _from_file(name: str, size: int) -> Vocabulary:
    """What a file says: the entries of its JSON, or the distinct characters of its text."""
    settings, count = TextSettings(), 0
    found: dict[str, None] = {}  # in the order of the text
    json_text: list[str] | None = None  # the whole text, where it may be JSON
    for piece in read_text(name, settings, lambda _: None, raw=False):
        if not found and piece[0] in "[{":
            json_text = []
        found.update(dict.fromkeys(piece))
        count += len(piece)
        if json_text is not None:
            json_text.append(piece)
    if json_text is not None and (entries := _entries("".join(json_text))) is not None:
        return _of_entries(entries, size, name, settings)
    if count == size == len(found):  # no text has each character once
        return _of_entries([*found], size, name, settings)
    characters = {*found}
    unix = characters - {"\r"} | {"\n"}
    if len(characters) != size and "\r" in characters and len(unix) == size:
        characters, settings = unix, TextSettings(newlines="lf")  # as Python's open() reads a text
    return _of_entries(sorted(characters), size, name, settings)


def _entries(text: str) -> list[Any] | None:
    """The entries of JSON, in the order of ids; None if it has none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    inside = data.values() if isinstance(data, dict) else ()
    found = (_in_order(entry) for entry in (data, *inside))
    return next((entries for entries in found if entries is not None), None)


def _in_order(data: Any) -> list[Any] | None:
    """A list, or the entries of an object of entry -> id, or of id -> entry; None of another."""
    if isinstance(data, list):
        return data
    if not isinstance(data, dict):
        return None
    numbers = [str(number) for number in range(len(data))]
    if data.keys() == {*numbers} and all(isinstance(entry, str) for entry in data.values()):
        return [data[number] for number in numbers]
    if all(type(number) is int for number in data.values()):
        entries = sorted(data, key=data.__getitem__)
        return entries if [data[entry] for entry in entries] == [*range(len(numbers))] else None
    return None


def _of_entries(
    entries: list[Any] | None, size: int, source: str, settings: TextSettings
) -> Vocabulary:
    """CheckpointError unless they are `size` different characters."""
    if entries is None:
        raise CheckpointError(f"{source} is not a JSON list of characters", _IN_ORDER)
    for number, entry in enumerate(entries):
        if not isinstance(entry, str) or len(entry) != 1 or "\ud800" <= entry <= "\udfff":
            raise CheckpointError(
                f"entry {number} of {source} is not one character: {str(entry)[:20]!a}",
                "Special tokens and subwords cannot be imported; train with one id a character.",
            )
    if len(entries) != size:
        raise CheckpointError(
            f"{source} has {len(entries)} different characters, and the weights are for {size}"
            if len(set(entries)) == len(entries)
            else f"{source} has {len(entries)} entries, and the weights are for {size}",
            _IN_ORDER,
        )
    if len(set(entries)) < size:
        ((twice, _),) = Counter(entries).most_common(1)
        raise CheckpointError(f"{source} has {twice!a} more than once", _IN_ORDER)
    rows = np.array(sorted(range(size), key=entries.__getitem__), np.intp)
    return Vocabulary(Characters("".join(sorted(entries))), rows, settings)
