"""Where the parameters of a network stand in a file with the names of `torch.nn`.

A recurrent layer is `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0` behind any prefix.
The embedding and the output layer are found by their shapes, where they are not called `embedding`
and `head`. Only names, shapes and their order are read.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from charrnn.cells import CELLS
from charrnn.errors import CheckpointError, shortened
from charrnn.extras.importing.foreign_file import ForeignFile
from charrnn.network.language_model import LanguageModel
from charrnn.settings import CellName, ModelSettings, SettingError, read

Names = dict[str, str]
"""Name in a checkpoint -> name in the file. Biases that a file leaves out are missing."""

CELL = "cell"
"""The key, in the file's metadata, of the name of its cell."""
IMPORTED: tuple[CellName, ...] = ("lstm", "gru", "elman", "relu")
"""The cells of `torch.nn`. Of two with equal rows, the first unless one is named."""

_RECURRENT = re.compile(
    r"(?P<prefix>.*\.|)(?P<kind>weight|bias)_(ih|hh)_l(?P<layer>[0-9]{1,3})", re.DOTALL
)
_LAYER = re.compile(r".*(weight|bias)_(ih|hh|hr)_l.*", re.DOTALL)
_INPUT = re.compile(r"(?:^|[._])(emb|enc|wte)", re.IGNORECASE)  # how an embedding is called
_EMBEDDING, _HEAD, _HEAD_BIAS = "embedding.weight", "head.weight", "head.bias"


def parameters_in(file: ForeignFile, cell: str | None) -> tuple[Names, ModelSettings, int]:
    """The names, the network and the size of its vocabulary.

    `cell`: its name, where the rows of its weights leave a choice. CheckpointError where a tensor
    is missing, not of this network, or of another shape.
    """
    names = _layers(file)
    _check_all_used(file, filter(_LAYER.fullmatch, file.shapes), names)
    sizes = [_matrix(file, names[f"layers.0.{name}"])[1] for name in ("weight_ih", "weight_hh")]
    names |= _embedding_and_head(file, *sizes)
    _check_all_used(file, file.shapes, names)
    model, size = _settings(file, names, cell)
    _check_shapes(file, names, model, size)
    return names, model, size


def in_words(names: Names) -> str:
    """Which tensors were taken for the embedding and the output layer."""
    embedding = names.get(_EMBEDDING, "none, but one-hot vectors")
    bias = f" and {names[_HEAD_BIAS]}" if _HEAD_BIAS in names else ""
    return f"Embedding: {embedding}; output layer: {names[_HEAD]}{bias}."


def _check_all_used(file: ForeignFile, stored: Iterable[str], names: Names) -> None:
    """CheckpointError for a tensor that stands in the file and for nothing in the network."""
    if others := sorted({*stored} - {*names.values()}):
        raise CheckpointError(
            f"{_shown(file, others[0])} is not a part of a network that can be imported",
            "Those are an embedding, one LSTM, GRU or RNN that reads in one direction and has no "
            "proj_size, and a linear layer.",
        )


def _layers(file: ForeignFile) -> Names:
    """The recurrent layers' tensors, under one prefix, from layer 0 without a gap."""
    matches = {name: match for name in sorted(file.shapes) if (match := _RECURRENT.fullmatch(name))}
    prefixes = sorted({match["prefix"] for match in matches.values()})
    if not prefixes:
        raise CheckpointError(
            f"{file.path} has no weight_ih_l0, as an LSTM, GRU or RNN of torch.nn has",
            f"It has {_listed(file, file.shapes)}.",
        )
    if len(prefixes) > 1:
        several = " and ".join(f"{prefix}weight_ih_l0" for prefix in prefixes[:2])
        raise CheckpointError(
            f"{file.path} has several networks: {several}", "Save the tensors of one."
        )
    kinds = ["weight_ih", "weight_hh"]
    if any(match["kind"] == "bias" for match in matches.values()):
        kinds += ["bias_ih", "bias_hh"]
    layers = range(max(int(match["layer"]) for match in matches.values()) + 1)
    names = {f"layers.{n}.{kind}": f"{prefixes[0]}{kind}_l{n}" for n in layers for kind in kinds}
    for name in names.values():
        if name not in matches:
            raise CheckpointError(f"{file.path} has no {name}", f"It has {_listed(file, matches)}.")
    return names


def _embedding_and_head(file: ForeignFile, inputs: int, hidden: int) -> Names:
    """The other tensors: the output layer, its bias, and the embedding, of which it may be a copy.

    Tied weights are saved once or twice, and inputs without an embedding are one-hot vectors.
    """
    others = {name: shape for name, shape in file.shapes.items() if not _LAYER.fullmatch(name)}
    matrices = {name: shape for name, shape in others.items() if len(shape) == 2}
    head = _output_layer(file, [name for name, shape in matrices.items() if shape[1] == hidden])
    size = matrices[head][0]
    names = {_HEAD: head}
    biases = [n for n in others if n.endswith("bias") and others[n] == (size,)]
    biases = [_bias(head)] if _bias(head) in others else biases
    if len(biases) == 1:
        names[_HEAD_BIAS] = biases[0]
    fitting = [name for name, shape in matrices.items() if name != head and shape[1] == inputs]
    if len(fitting) == 1:
        names[_EMBEDDING] = fitting[0]
    elif not fitting and inputs == hidden:
        if inputs == size:
            raise CheckpointError(
                f"{file.path} has no embedding, and inputs as wide as the vocabulary and the state",
                "Save the embedding, too, though it is tied to the output layer.",
            )
        names[_EMBEDDING] = head
    return names


def _output_layer(file: ForeignFile, fitting: list[str]) -> str:
    """Which of the matrices that fit it is the output layer: a name or a bias tells, or the order.

    The order of a file that has that of the modules, where it is the last.
    """
    rules: list[Callable[[str], bool]] = [
        lambda _: True,
        lambda name: f".{name}".endswith(f".{_HEAD}"),
        lambda name: _bias(name) in file.shapes,
        lambda name: not _INPUT.search(name),
        lambda name: file.in_order and name == fitting[-1],
    ]
    for rule in rules:
        chosen = [name for name in fitting if rule(name)]
        if len(chosen) == 1:
            return chosen[0]
    found = "several tensors that may be" if fitting else "no tensor of the shape of"
    others = [name for name in file.shapes if not _LAYER.fullmatch(name)]
    raise CheckpointError(
        f"{file.path} has {found} the output layer",
        f"Rename it to {_HEAD} before saving. The file has {_listed(file, others)}."
        if others
        else "Save the weights of the whole network.",
    )


def _bias(weight: str) -> str:
    """The name of the bias beside a weight."""
    return f"{weight.removesuffix('weight')}bias"


def _settings(file: ForeignFile, names: Names, cell: str | None) -> tuple[ModelSettings, int]:
    """The network and the size of its vocabulary, from the shapes alone."""
    head = _matrix(file, names[_HEAD])
    one_hot = _EMBEDDING not in names
    layers = sum(name.endswith(".weight_hh") for name in names)
    values: dict[str, Any] = {
        "cell": _cell(file, names["layers.0.weight_hh"], cell),
        "layers": layers,
        "hidden_size": _matrix(file, names["layers.0.weight_hh"])[1],
        "one_hot": one_hot,
        "dropout": 0.0,
    }
    if not one_hot:
        values["embedding_size"] = _matrix(file, names[_EMBEDDING])[1]
    try:
        return read(ModelSettings, values), head[0]
    except SettingError as error:
        message = f"{error.name} of the network in {file.path} {error}"
        raise CheckpointError(message, "Train a smaller network.") from None


def _cell(file: ForeignFile, name: str, given: str | None) -> str:
    """The cell by the rows of its recurrent weights, and by its name where that leaves a choice."""
    rows, hidden = _matrix(file, name)
    fitting = [cell for cell in IMPORTED if len(CELLS[cell].blocks) * hidden == rows]
    if not fitting:
        raise CheckpointError(
            f"{_shown(file, name)} has neither 4 (LSTM), 3 (GRU) nor 1 (RNN) times as many rows "
            "as columns",
            "Save the weights of a torch.nn.LSTM, GRU or RNN.",
        )
    cell = given or file.metadata.get(CELL, fitting[0])
    if cell not in fitting:
        raise CheckpointError(
            f"{_shown(file, name)} is of {' or '.join(fitting)}, not {cell[:20]}",
            "Leave --cell out, or name the cell that was trained.",
        )
    return cell


def _check_shapes(file: ForeignFile, names: Names, model: ModelSettings, size: int) -> None:
    for name, (shape, *_) in sorted(LanguageModel.parameters(model, size).items()):
        stored = names.get(name)
        if stored is None or file.shapes[stored] == shape:
            continue
        inputs = f"one-hot vectors of {size}" if model.one_hot else f"vectors of {shape[-1]}"
        if name.endswith("weight_hh") and not stored.endswith("_l0"):
            hint = f"All layers need the hidden size of the first one, {model.hidden_size}."
        elif name == "layers.0.weight_ih" and file.shapes[stored][:1] == shape[:1]:
            hint = f"The network is fed {inputs}: save the embedding that it was trained with."
        else:
            hint = f"The others are of {model.cell} {model.size} with a vocabulary of {size}."
        raise CheckpointError(f"{_shown(file, stored)} should be {list(shape)}", hint)


def _matrix(file: ForeignFile, name: str) -> tuple[int, int]:
    """The shape of a matrix that is not empty."""
    shape = file.shapes[name]
    if len(shape) != 2 or 0 in shape:
        raise CheckpointError(
            f"{_shown(file, name)} is not a matrix", "Save it as torch.nn has it."
        )
    return shape[0], shape[1]


def _shown(file: ForeignFile, name: str) -> str:
    """Its name and shape: rnn.weight_ih_l0 [256, 64]."""
    return f"{shortened(name)} {list(file.shapes[name])}"


def _listed(file: ForeignFile, names: Any) -> str:
    shown = [_shown(file, name) for name in sorted(names)]
    more = f" and {len(shown) - 8} more" if len(shown) > 8 else ""
    return ", ".join(shown[:8]) + more or "no tensors"
