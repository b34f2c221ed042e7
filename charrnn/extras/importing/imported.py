"""Weights of a `torch.nn.LSTM`, `GRU` or `RNN` that were trained elsewhere, as a run of one file.

The run has no corpus and nothing to resume its training from.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import CheckpointError
from charrnn.events import Emit, Noticed
from charrnn.extras.importing.foreign_file import ForeignFile, open_foreign
from charrnn.extras.importing.names import Names, parameters_in
from charrnn.extras.importing.vocabulary import find_vocabulary
from charrnn.files import plain_name
from charrnn.settings import ModelSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint, save_checkpoint
from charrnn.storage.layout import parameter_shapes
from charrnn.storage.runs import MODEL, check_new, new_folder

Weights = dict[str, NDArray[np.float32]]


def import_run(
    path: Path, vocabulary: str | None, cell: str | None, run: str | None, emit: Emit
) -> Checkpoint:
    """A new run whose model is the weights in a safetensors file. `run` None: called as the file.

    Errors as `read_foreign`; UsageError if there is a run of that name.
    """
    check_new(run)
    found = read_foreign(path, vocabulary, cell)
    folder, held = new_folder(run, plain_name(path.stem))
    made = replace(found, run=folder.name)
    try:
        save_checkpoint(folder / MODEL, made)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        held.release()
    emit(Noticed(_summary(made)))
    if made.model.cell == "elman" and cell is None:
        emit(Noticed("Its units are taken as tanh; if they are rectifiers: --cell relu."))
    return made


def read_foreign(path: Path, vocabulary: str | None = None, cell: str | None = None) -> Checkpoint:
    """The network in a safetensors file with the names of `torch.nn`: see `imported_names`.

    `vocabulary`: see `find_vocabulary`; `cell` where its rows leave a choice. CheckpointError says
    which tensor is wrong; TextError if the vocabulary's file cannot be read.
    """
    try:
        file = open_foreign(path)
        names, model, size = parameters_in(file, cell)
        found = find_vocabulary(vocabulary, file.metadata, size)
        weights = _weights(file, names, model, size)
    except (KeyError, ValueError, MemoryError) as error:  # replaced while it was read
        raise CheckpointError(f"{path} cannot be read: {error}", "Try again.") from None
    return Checkpoint(
        run="",
        model=model,
        train=TrainSettings(),
        text=found.text,
        corpus="",
        corpus_key="",
        tokenizer=found.tokenizer,
        step=0,
        loss=None,
        weights=_in_order(weights, found.order, one_hot=model.one_hot),
    )


def _weights(file: ForeignFile, names: Names, model: ModelSettings, size: int) -> Weights:
    """The parameters by their names in a checkpoint. Biases that the file leaves out are zeros.

    A tied output is stored as a weight of its own: ours would scale it.
    """
    return {
        name: file.values(names[name]) if name in names else np.zeros(shape, np.float32)
        for name, shape in parameter_shapes(model, size).items()
    }


def _in_order(
    weights: Mapping[str, NDArray[np.float32]], order: NDArray[np.intp], *, one_hot: bool
) -> Weights:
    """The same with the rows of characters sorted by code point. `order` (V,): their rows now."""
    found = dict(weights)
    for name in ("embedding.weight", "head.weight", "head.bias"):
        if name in found:
            found[name] = found[name][order]
    if one_hot:
        inputs = found["layers.0.weight_ih"][:, order]
        found["layers.0.weight_ih"] = np.ascontiguousarray(inputs)
    return found


def _summary(made: Checkpoint) -> str:
    """Imported weights: gru 2x128, embedding of 32, vocabulary of 65 characters, ..."""
    model, size = made.model, made.tokenizer.size
    inputs = "one-hot inputs" if model.one_hot else f"embedding of {model.embedding_size}"
    tokens = "bytes" if made.tokenizer.kind == "byte" else "characters"
    return (
        f"Imported {made.run}: {model.cell} {model.size}, {inputs}, "
        f"vocabulary of {size:,} {tokens}, {made.parameters:,} parameters. "
        f"Score it on a text: charrnn eval {made.run} TEXT"
    )
