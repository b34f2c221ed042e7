"""A file of weights that another program wrote: its tensors' names, shapes and values.

It is a safetensors file, or a state dictionary of `torch.save`, of which nothing runs.
"""

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from charrnn.errors import CheckpointError
from charrnn.extras.importing.state_dict import open_state_dict
from charrnn.storage.container import KEY

Shape = tuple[int, ...]

_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "BF16": "<u2"}  # NumPy has no bfloat16
_BROKEN = {
    b"PK\3\4": "an archive that is cut off",
    b"\x80\2\x8a\n": "of PyTorch before 1.6, which saved no archive",
}
"""What files are that begin so, and are no archives."""
_SAVE = "torch.save(network.state_dict(), 'weights.pt')"


@dataclass(frozen=True)
class ForeignFile:
    """The shape and the type of each tensor, and the metadata of a safetensors file."""

    path: Path
    shapes: Mapping[str, Shape]
    """In the order of the modules, if `in_order`."""
    types: Mapping[str, str]
    metadata: Mapping[str, str]
    read: Callable[[str, str], NDArray[Any]]
    """The numbers of a tensor, as a type of NumPy."""
    in_order: bool = False

    def values(self, name: str) -> NDArray[np.float32]:
        """The numbers of a tensor. CheckpointError for a type of none, or if one is not finite."""
        if self.types[name] not in _TYPES:
            raise CheckpointError(
                f"{name} in {self.path} is of type {self.types[name]}",
                f"Weights are {', '.join(_TYPES)}: save network.float().state_dict().",
            )
        raw = self.read(name, _TYPES[self.types[name]])
        if self.types[name] == "BF16":  # the upper half of a float32
            raw = (raw.astype(np.uint32) << 16).view(np.float32)
        with np.errstate(over="ignore"):  # what is infinite then is refused
            numbers = np.ascontiguousarray(raw, np.float32)  # turned ones would be saved turned
        if not np.isfinite(numbers).all():
            raise CheckpointError(
                f"{name} in {self.path} has numbers that are not finite in 32 bits",
                "The network has diverged: train another one.",
            )
        return numbers


def open_foreign(path: Path) -> ForeignFile:
    """What the file says of its tensors, checked against its size. CheckpointError for another."""
    if not path.is_file():  # opening a pipe would wait for its writer
        hint = f"Name a file of {_SAVE}; download one that is on the web."
        raise CheckpointError(f"there is no file {path}", hint)
    if zipfile.is_zipfile(path):
        return _open_saved(path)
    with path.open("rb") as file:
        first = file.read(4)
    for start, told in _BROKEN.items():
        if first == start:
            raise CheckpointError(f"{path} is {told}", f"Save the weights again: {_SAVE}.")
    try:
        with safe_open(path, framework="numpy") as file:
            parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
            shapes = {name: tuple(part.get_shape()) for name, part in parts.items()}
            types = {name: str(part.get_dtype()) for name, part in parts.items()}
            metadata = file.metadata() or {}
    except (SafetensorError, ValueError, OverflowError) as error:
        raise CheckpointError(
            f"{path} is neither a state dictionary of torch.save nor a safetensors file: {error}",
            f"Save the weights with {_SAVE}.",
        ) from None
    if KEY in metadata:
        raise CheckpointError(
            f"{path} is a checkpoint of charrnn already", f"Use it as it is: charrnn sample {path}"
        )

    def read(name: str, dtype: str) -> NDArray[Any]:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            start, end = json.loads(file.read(size))[name]["data_offsets"]
            file.seek(8 + size + start)
            return np.frombuffer(file.read(end - start), dtype).reshape(shapes[name])

    return ForeignFile(path, shapes, types, metadata, read)


def _open_saved(path: Path) -> ForeignFile:
    with _refused_if_damaged(path):
        saved = open_state_dict(path)
    shapes = {name: tensor.shape for name, tensor in saved.tensors.items()}
    types = {name: tensor.kind for name, tensor in saved.tensors.items()}

    def read(name: str, dtype: str) -> NDArray[Any]:
        with _refused_if_damaged(path):
            return saved.tensors[name].of(np.frombuffer(saved.storage(name), dtype))

    return ForeignFile(path, shapes, types, {}, read, in_order=True)


@contextmanager
def _refused_if_damaged(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a damaged archive or pickle may fail in any way
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}, {error}"
        raise CheckpointError(
            f"{path} is not a state dictionary of torch.save: {reason:.200}",
            f"Save one with {_SAVE}.",
        ) from None
