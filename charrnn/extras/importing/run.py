"""Weights of a `torch.nn.LSTM`, `GRU` or `RNN` that were trained elsewhere, as a run of one file.

The run has no corpus and nothing to resume its training from.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charrnn.cells.parameters import listed
from charrnn.errors import CheckpointError
from charrnn.events import Emit, Noticed
from charrnn.extras.importing.foreign_file import ForeignFile, open_foreign
from charrnn.extras.importing.names import Names, in_words, parameters_in
from charrnn.extras.importing.vocabulary import find_vocabulary
from charrnn.files import plain_name
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint, save_checkpoint
from charrnn.storage.runs import MODEL, check_new, new_folder


def import_run(
    path: Path, vocabulary: str | None, cell: str | None, run: str | None, emit: Emit
) -> Checkpoint:
    """A new run whose model is the weights in a file. `run` None: called as the file.

    Errors as `read_foreign`; UsageError if there is a run of that name.
    """
    check_new(run)
    checkpoint = read_foreign(path, vocabulary, cell, emit)
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


def read_foreign(
    path: Path,
    vocabulary: str | None = None,
    cell: str | None = None,
    emit: Emit = lambda _: None,
) -> Checkpoint:
    """The network in a file with the names of `torch.nn`: see `parameters_in`.

    `vocabulary`: see `find_vocabulary`; `cell` where its rows leave a choice. CheckpointError says
    which tensor is wrong; TextError if the vocabulary's file cannot be read.
    """
    try:
        file = open_foreign(path)
        names, model, size = parameters_in(file, cell)
        encoding = find_vocabulary(vocabulary, file.metadata, size)
        weights = _weights(file, names, model, encoding.rows)
        emit(Noticed(in_words(names)))
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
