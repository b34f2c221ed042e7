"""Weights of a `torch.nn.LSTM`, `GRU` or `RNN` that were trained elsewhere, as a run of one file.

The run has no corpus and nothing to resume its training from. Its vocabulary is a JSON list of
characters in the order of ids, a JSON object of character -> id, or a text whose distinct
characters, by code point, are the vocabulary: what `sorted(set(text))` gives.
"""

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.parameters import listed
from charrnn.errors import CheckpointError
from charrnn.events import Emit, Noticed
from charrnn.extras.importing.foreign_file import ForeignFile, open_foreign
from charrnn.extras.importing.names import Names, parameters_in
from charrnn.files import plain_name
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint, save_checkpoint
from charrnn.storage.runs import MODEL, check_new, new_folder
from charrnn.text.source import read_text
from charrnn.text.tokenizers import Bytes, Characters, Tokenizer

BYTES = "bytes"
"""The name of the vocabulary in which an id is a byte."""
KEY = "vocabulary"
"""Its key in the metadata of a safetensors file."""

_IN_ORDER = "Name the characters that the network was trained with, in the order of their ids."


def import_run(
    path: Path, vocabulary: str | None, cell: str | None, run: str | None, emit: Emit
) -> Checkpoint:
    """A new run whose model is the weights in a file. `run` None: called as the file.

    Errors as `read_foreign`; UsageError if there is a run of that name.
    """
    check_new(run)
    checkpoint = read_foreign(path, vocabulary, cell)
    folder, lock = new_folder(run, plain_name(path.stem))
    checkpoint = replace(checkpoint, run=folder.name)
    try:
        save_checkpoint(folder / MODEL, checkpoint)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        lock.release()
    emit(Noticed(_summary(checkpoint)))
    if checkpoint.model.cell == "elman" and cell is None:
        emit(Noticed("Its units are taken as tanh; if they are rectifiers: --cell relu."))
    return checkpoint


def read_foreign(path: Path, vocabulary: str | None = None, cell: str | None = None) -> Checkpoint:
    """The network in a file with the names of `torch.nn`: see `parameters_in`.

    `vocabulary`: see `find_vocabulary`; `cell` where its rows leave a choice. CheckpointError says
    which tensor is wrong; TextError if the vocabulary's file cannot be read.
    """
    try:
        file = open_foreign(path)
        names, model, size = parameters_in(file, cell)
        encoding = find_vocabulary(vocabulary, file.metadata, size)
        weights = _weights(file, names, model, encoding.rows)
    except (KeyError, ValueError, MemoryError) as error:  # replaced while it was read
        raise CheckpointError(f"{path} cannot be read: {error}", "Try again.") from None
    return Checkpoint(
        run="",
        model=model,
        train=TrainSettings(),
        text=encoding.text,
        corpus="",
        corpus_key="",
        tokenizer=encoding.tokenizer,
        step=0,
        loss=None,
        weights=weights,
    )


def _weights(
    file: ForeignFile, names: Names, model: ModelSettings, rows: NDArray[np.intp]
) -> dict[str, NDArray[np.float32]]:
    """The parameters by their names in a checkpoint, in the order of the tokenizer's ids.

    `rows` (V,): where each id stands in the file. Biases that the file leaves out are zeros. A tied
    output is stored as a weight of its own: ours would scale it.
    """
    weights = {
        name: file.values(names[name]) if name in names else np.zeros(shape, np.float32)
        for name, (shape, *_) in listed(LanguageModel.parameters(model, len(rows))).items()
    }
    for name in weights.keys() & {"embedding.weight", "head.weight", "head.bias"}:
        weights[name] = weights[name][rows]
    if model.one_hot:
        inputs = weights["layers.0.weight_ih"][:, rows]
        weights["layers.0.weight_ih"] = np.ascontiguousarray(inputs)
    return weights


def _summary(checkpoint: Checkpoint) -> str:
    """Imported weights: gru 2x128, embedding of 32, vocabulary of 65 characters, ..."""
    model, size = checkpoint.model, checkpoint.tokenizer.size
    inputs = "one-hot inputs" if model.one_hot else f"embedding of {model.embedding_size}"
    tokens = "bytes" if checkpoint.tokenizer.kind == "byte" else "characters"
    return (
        f"Imported {checkpoint.run}: {model.cell} {model.size}, {inputs}, "
        f"vocabulary of {size:,} {tokens}, {checkpoint.parameters:,} parameters. "
        f"Score it on a text: charrnn eval {checkpoint.run} TEXT"
    )


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
    settings = TextSettings()
    characters: set[str] = set()
    json_text: list[str] | None = None  # the whole text, where it may be JSON
    for piece in read_text(name, settings, lambda _: None, raw=False):
        if not characters and piece[0] in "[{":
            json_text = []
        characters.update(piece)
        if json_text is not None:
            json_text.append(piece)
    if json_text is not None and (entries := _entries("".join(json_text))) is not None:
        return _of_entries(entries, size, name, settings)
    unix = characters - {"\r"} | {"\n"}
    if len(characters) != size and "\r" in characters and len(unix) == size:
        characters, settings = unix, TextSettings(newlines="lf")  # as Python's open() reads a text
    return _of_entries(sorted(characters), size, name, settings)


def _entries(text: str) -> list[Any] | None:
    """The entries of a JSON list, or of an object of entry -> id; None if it is neither."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(data, list):
        return data
    if isinstance(data, dict) and all(type(number) is int for number in data.values()):
        entries = sorted(data, key=data.__getitem__)
        return entries if [data[entry] for entry in entries] == [*range(len(data))] else None
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
