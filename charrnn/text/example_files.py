"""Preparing a corpus of examples: in which order they lie, and how its files are written.

Examples are read four times: for digest, targets, vocabulary and tokens.
Memory grows with the number of examples and targets, some 30 bytes each, not with their texts.
"""

import hashlib
import json
import tempfile
from itertools import compress, islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import located
from charrnn.events import Emit, Noticed
from charrnn.files import atomic_write
from charrnn.settings import STORED
from charrnn.text.corpus import Corpus
from charrnn.text.corpus_files import START, TARGET
from charrnn.text.decompression import PIECE
from charrnn.text.example_corpus import FILES, check_enough, split_bounds
from charrnn.text.example_notices import Read, doubts, what_was_read
from charrnn.text.example_table import ExampleTable, read_table
from charrnn.text.examples import ExampleFormat, ExampleSources
from charrnn.text.pictures import open_input
from charrnn.text.preparation import (
    changed,
    content_key,
    digest_of,
    find_or_write,
    whole_if_small,
)
from charrnn.text.source import JoinedSources, Reader
from charrnn.text.tokenizers import TOKENIZERS, Bytes, Tokenizer, to_json
from charrnn.text.tokenizers.base import smallest_type

_TIMES = 4  # that examples are read
_OF_EXAMPLES = ("format", "columns", *STORED)
_ENCODED = 256  # texts that are encoded at a time
_LEAST = 5  # examples for validation
_TOGETHER = 1 << 18  # tokens that are put in order at a time

Indices = NDArray[np.int64]


def prepare_examples(
    fmt: ExampleFormat, source: str | Path, name: str | None, emit: Emit
) -> Corpus:
    """Prepare examples, as the format's settings say, or find them, if they are prepared.

    With `settings.valid` or `test` the source is for training alone, and a part without a file is
    empty; else `settings.split` divides it. The vocabulary is that of the training texts. A killed
    preparation leaves no corpus behind. TextError names a line that is not an example.
    """
    settings = fmt.settings
    chosen = changed(settings, _OF_EXAMPLES, task=fmt.task)
    files = {"train": source, "valid": settings.valid, "test": settings.test}
    parts = [part for part, file in files.items() if file is not None]
    sources = [file for file in files.values() if file is not None]
    with tempfile.TemporaryDirectory() as copies:
        raw = TOKENIZERS[settings.tokenizer].raw
        reader = Reader(settings, raw, emit, noticed=True)  # a line may end with CRLF
        joined = JoinedSources(sources, reader, name, Path(copies), _TIMES)
        examples = ExampleSources(joined, parts, fmt)
        made_from = [
            fmt.task,
            content_key(joined.digests, settings),
            [settings.split] if len(parts) == 1 else parts,
            *({setting: value} for setting, value in chosen.items()),
            *([] if fmt.items.has_text else [_digest_of_inputs(examples)]),
            *([fmt.items.input_scale] if fmt.items.input_scale else []),
        ]
        return find_or_write(joined, digest_of(made_from), lambda new: _write(new, examples))


def _write(folder: Path, examples: ExampleSources) -> dict[str, Any]:
    """Write a corpus's files but corpus.json, and return what that says of them.

    TextError if a source cannot be used, or changes meanwhile.
    """
    fmt = examples.fmt
    table = read_table(examples)
    order, bounds = _ordered(table, examples)
    for doubt in doubts(table, order, bounds[0], examples):
        examples.joined.emit(Noticed(doubt))
    is_train = np.zeros(len(order), bool)
    is_train[order[: bounds[0]]] = True
    tokenizer = fmt.items.learn(one.text for one in compress(examples.examples(), is_train))
    about: dict[str, Any] = {"task": fmt.task, "labels": table.vocabulary}
    read, tokens = _write_tokens(folder, examples, tokenizer, order)
    examples.joined.emit(Noticed(what_was_read(table, examples, read)))
    about |= tokens
    about |= {"examples": len(order)} | _write_targets(folder, table, order)
    if table.files:
        with atomic_write(folder / FILES) as out:
            out.write(json.dumps([table.files[index] for index in order.tolist()]).encode())
    if len(examples.parts) > 1:
        about["bounds"] = bounds
    if fmt.items.input_shape:
        about["input_shape"] = [*fmt.items.input_shape]
    if fmt.items.input_scale:
        about["input_scale"] = fmt.items.input_scale
    if isinstance(tokenizer, Bytes):
        tokenizer = Bytes(False, examples.joined.reader.utf8)
    return about | {"tokenizer": to_json(tokenizer)}


def _digest_of_inputs(examples: ExampleSources) -> str:
    """The digest of pictures, which the digests of the files that name them do not cover."""
    digest = hashlib.sha256()
    for example in examples.examples():
        with located(example.where), open_input(example.text) as file:
            for data in iter(lambda: file.read(PIECE), b""):
                digest.update(data)
    return digest.hexdigest()


def _ordered(table: ExampleTable, examples: ExampleSources) -> tuple[Indices, tuple[int, int]]:
    """The examples (N,) as they are stored, and the bounds of the parts among them."""
    order = np.lexsort((table.digests, table.sources))
    digests = table.digests[order]
    sizes = dict(zip(examples.parts, np.bincount(table.sources).tolist(), strict=True))
    if len(examples.parts) > 1:
        bounds = sizes["train"], sizes["train"] + sizes.get("valid", 0)
    else:
        is_equal = digests[1:] == digests[:-1]
        reader = examples.joined.reader
        settings = whole_if_small(reader.settings, len(order), _LEAST, "examples", reader.emit)
        reader.settings = settings
        bounds = split_bounds(settings, len(order), lambda n: bool(is_equal[n - 1]))
    check_enough(bounds[0], examples.joined.sources[0].name)
    return order, bounds


def _write_tokens(
    folder: Path, examples: ExampleSources, tokenizer: Tokenizer, order: Indices
) -> tuple[Read, dict[str, Any]]:
    """Write tokens.bin and examples.bin: what was read, how many tokens there are, their type."""
    items, dtype = examples.fmt.items, np.dtype(smallest_type(tokenizer.size))
    together = _ENCODED if items.has_text else 1  # a clip may be large
    lengths = np.zeros(len(order) + 1, np.int64)
    characters = unknown = 0
    with tempfile.TemporaryFile(dir=folder) as file:
        read = islice(examples.examples(), len(order))
        written = 0
        while batch := [*islice(read, together)]:
            texts = [example.text for example in batch]
            ids, sizes = items.encode(tokenizer, texts)
            for example, size in zip(batch, sizes, strict=True):
                with located(example.where):
                    items.check_targets(size, len(example.targets))
            joined = "".join(texts)
            characters += len(joined)
            unknown += sum(map(joined.count, tokenizer.unknown(joined)))
            file.write(ids.astype(dtype, copy=False).tobytes())
            lengths[written + 1 : written + 1 + len(batch)] = sizes
            written += len(batch)
        examples.joined.check_unchanged()
        file.flush()
        starts = lengths.cumsum()
        unordered = np.memmap(file, dtype, "r", shape=(int(starts[-1]),))
        ordered = _starts(order, starts)
        with atomic_write(folder / "tokens.bin") as out:
            cuts = np.searchsorted(ordered, np.arange(0, ordered[-1], _TOGETHER))
            for first, last in pairwise(np.unique([*cuts, len(order)]).tolist()):
                out.write(unordered[_members(order[first:last], starts)].tobytes())
    _write_starts(folder / "examples.bin", ordered)
    was_read = Read(lengths[1:], characters, unknown)
    return was_read, {"tokens": int(starts[-1]), "dtype": dtype.name}


def _write_targets(folder: Path, table: ExampleTable, order: Indices) -> dict[str, Any]:
    """Write targets.bin, and target_starts.bin where examples have other than one target."""
    with atomic_write(folder / "targets.bin") as out:
        ordered = table.targets[_members(order, table.target_starts)]
        out.write(ordered.astype(TARGET).tobytes())
    if (np.diff(table.target_starts) == 1).all():
        return {}
    _write_starts(folder / "target_starts.bin", _starts(order, table.target_starts))
    return {"targets": len(table.targets)}


def _write_starts(path: Path, starts: Indices) -> None:
    with atomic_write(path) as out:
        out.write(starts.astype(START).tobytes())


def _starts(order: Indices, starts: Indices) -> Indices:
    """Where each of the examples (N,) begins in that order, and where the last ends (N + 1,)."""
    return np.append(0, (starts[order + 1] - starts[order]).cumsum())


def _members(examples: Indices, starts: Indices) -> Indices:
    """The indices of everything that the examples have, one example after the other."""
    new = _starts(examples, starts)
    return np.repeat(starts[examples] - new[:-1], np.diff(new)) + np.arange(new[-1])
