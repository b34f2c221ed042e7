"""Where the parameters of a network stand in a file with the names of `torch.nn`.

A recurrent layer is `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0` behind any prefix;
`embedding.weight`, `head.weight` and `head.bias` stand beside it. Nothing is read here but names
and shapes.
"""

import re
from typing import Any, NoReturn, get_args

from charrnn.cells import CELLS
from charrnn.errors import CheckpointError
from charrnn.extras.importing.foreign_file import ForeignFile
from charrnn.settings import CellName, ModelSettings, SettingError, read
from charrnn.storage.layout import parameter_shapes

Names = dict[str, str]
"""Of each parameter of a checkpoint -> in the file. Biases that a file leaves out are missing."""

CELL = "cell"
"""The key, in the file's metadata, of the name of its cell."""
IMPORTED: tuple[CellName, ...] = ("lstm", "gru", "elman", "relu")
"""The cells of `torch.nn`. Of two with equal rows, the first unless one is named."""

_RECURRENT = re.compile(r"(.*\.|)(weight|bias)_(ih|hh|hr)_l([0-9]{1,3})(_reverse)?", re.DOTALL)
_EMBEDDING, _HEAD, _HEAD_BIAS = "embedding.weight", "head.weight", "head.bias"


def parameters_in(file: ForeignFile, cell: str | None) -> tuple[Names, ModelSettings, int]:
    """The names, the network and the size of its vocabulary.

    `cell`: its name, where the rows of its weights leave a choice. CheckpointError where a tensor
    is missing, not of this network, or of another shape.
    """
    names = _layers(file)
    prefix = names["layers.0.weight_hh"].removesuffix("weight_hh_l0")
    beside = prefix[: prefix.rstrip(".").rfind(".") + 1]  # model.rnn. -> model.
    names |= _embedding_and_head(file, beside, _matrix(file, names["layers.0.weight_hh"])[1])
    if strange := sorted(file.shapes.keys() - set(names.values())):
        _refuse(
            f"{_shown(file, strange[0])} is not a part of a network that can be imported",
            "Those are an embedding, one LSTM, GRU or RNN, and a linear layer called head.",
        )
    model, size = _settings(file, names, cell)
    _check_shapes(file, names, model, size)
    return names, model, size


def _layers(file: ForeignFile) -> Names:
    """The recurrent layers' tensors, under one prefix, from layer 0 without a gap."""
    found = {name: match for name in sorted(file.shapes) if (match := _RECURRENT.fullmatch(name))}
    for name, match in found.items():
        if match[5]:
            _refuse(
                f"{name} reads the text backwards",
                "A bidirectional network sees what it should predict: train it in one direction.",
            )
        if match[3] == "hr":
            _refuse(f"{name} is a projection of the state", "Train without proj_size.")
    prefixes = sorted({match[1] for match in found.values()})
    if not prefixes:
        _refuse(
            f"{file.path} has no weight_ih_l0, as an LSTM, GRU or RNN of torch.nn has",
            f"It has {_listed(file, file.shapes)}.",
        )
    if len(prefixes) > 1:
        several = " and ".join(f"{prefix}weight_ih_l0" for prefix in prefixes[:2])
        _refuse(f"{file.path} has several networks: {several}", "Save the tensors of one.")
    names = {f"layers.{int(m[4])}.{m[2]}_{m[3]}": name for name, m in found.items()}
    layers = {int(match[4]) for match in found.values()}
    kinds = [k for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
             if k.startswith("weight") or any(".bias_" in name for name in names)]  # fmt: skip
    for layer in range(max(layers) + 1):
        for kind in kinds:
            if f"layers.{layer}.{kind}" not in names:
                _refuse(
                    f"{file.path} has no {prefixes[0]}{kind}_l{layer}",
                    f"It has {_listed(file, found)}.",
                )
    return names


def _embedding_and_head(file: ForeignFile, prefix: str, hidden: int) -> Names:
    """The other tensors. Tied weights are saved once, and `save_model` says under which name."""
    found = {}
    for name in (_EMBEDDING, _HEAD, _HEAD_BIAS):
        own = f"{prefix}{name}"
        own = own if own in file.shapes else file.metadata.get(own, own)
        if own in file.shapes:
            found[name] = own
    rest = [n for n in file.shapes if not _RECURRENT.fullmatch(n) and n not in found.values()]
    tied = _EMBEDDING in found and file.shapes[found[_EMBEDDING]][1:] == (hidden,)
    if _HEAD not in found and tied and not rest:
        found[_HEAD] = found[_EMBEDDING]
    if _HEAD not in found:
        _refuse(
            f"{file.path} has no {prefix}{_HEAD}, the output layer",
            f"Rename the output layer to head before saving. It has {_listed(file, rest)}."
            if rest
            else "Save the weights of the whole network.",
        )
    return found


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
        _refuse(f"{error.name} of the network in {file.path} {error}", "Train a smaller network.")


def _cell(file: ForeignFile, name: str, given: str | None) -> str:
    """The cell by the rows of its recurrent weights, and by its name where that leaves a choice."""
    rows, hidden = _matrix(file, name)
    fitting = [cell for cell in IMPORTED if CELLS[cell].blocks * hidden == rows]
    if not fitting:
        _refuse(
            f"{_shown(file, name)} has neither 4 (LSTM), 3 (GRU) nor 1 (RNN) times as many rows "
            "as columns",
            "Save the weights of a torch.nn.LSTM, GRU or RNN.",
        )
    said = given or file.metadata.get(CELL)
    if said is not None and said not in fitting:
        what = "an imported cell" if said in get_args(CellName) else "a cell"
        why = f"{_shown(file, name)} is of {' or '.join(fitting)}"
        _refuse(f"{why}, not {said}" if said in IMPORTED else f"{said[:20]!a} is not {what}",
                f"Leave --cell out, or name {' or '.join(fitting)}.")  # fmt: skip
    return said or fitting[0]


def _check_shapes(file: ForeignFile, names: Names, model: ModelSettings, size: int) -> None:
    for name, shape in sorted(parameter_shapes(model, size).items()):
        own = names.get(name)
        if own is None or file.shapes[own] == shape:
            continue
        is_of_first = own.rpartition("_l")[2] == "0" or not name.endswith("weight_hh")
        inputs = f"one-hot vectors of {size}" if model.one_hot else f"vectors of {shape[-1]}"
        if not is_of_first:
            hint = f"All layers need the hidden size of the first one, {model.hidden_size}."
        elif name == "layers.0.weight_ih" and file.shapes[own][:1] == shape[:1]:
            hint = f"The network is fed {inputs}: save the embedding that it was trained with."
        else:
            hint = f"The others are of {model.cell} {model.size} with a vocabulary of {size}."
        _refuse(f"{_shown(file, own)} should be {list(shape)}", hint)


def _matrix(file: ForeignFile, name: str) -> tuple[int, int]:
    """The shape of a matrix that is not empty."""
    shape = file.shapes[name]
    if len(shape) != 2 or 0 in shape:
        _refuse(f"{_shown(file, name)} is not a matrix", "Save it as torch.nn has it.")
    return shape[0], shape[1]


def _shown(file: ForeignFile, name: str) -> str:
    """Its name and shape: rnn.weight_ih_l0 [256, 64]."""
    return f"{name} {list(file.shapes[name])}"


def _listed(file: ForeignFile, names: Any) -> str:
    shown = [_shown(file, name) for name in sorted(names)]
    more = f" and {len(shown) - 8} more" if len(shown) > 8 else ""
    return ", ".join(shown[:8]) + more or "no tensors"


def _refuse(message: str, hint: str) -> NoReturn:
    raise CheckpointError(message, hint)
