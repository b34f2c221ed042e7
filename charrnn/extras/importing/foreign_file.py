"""A safetensors file that another program wrote: its tensors' names, shapes and values.

A pickle, which could run code, is named and refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from charrnn.errors import CheckpointError
from charrnn.storage.container import KEY

Shape = tuple[int, ...]

_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "BF16": "<u2"}  # NumPy has no bfloat16
_PICKLES = (b"PK\x03\x04", b"\x80")  # of torch.save, of today and before version 1.6
_SAVE = "safetensors.torch.save_file(network.state_dict(), 'weights.safetensors')"


@dataclass(frozen=True)
class ForeignFile:
    """What its header says: the shape and the type of each tensor, and the metadata."""

    path: Path
    shapes: Mapping[str, Shape]
    types: Mapping[str, str]
    metadata: Mapping[str, str]

    def values(self, name: str) -> NDArray[np.float32]:
        """The numbers of a tensor. CheckpointError for a type of none, or if one is not finite."""
        if self.types[name] not in _TYPES:
            raise CheckpointError(
                f"{name} in {self.path} is of type {self.types[name]}",
                f"Weights are {', '.join(_TYPES)}: save network.float().state_dict().",
            )
        numbers = self._read(name)
        if not np.isfinite(numbers).all():
            raise CheckpointError(
                f"{name} in {self.path} has numbers that are not finite in 32 bits",
                "The network has diverged: train another one.",
            )
        return numbers

    def _read(self, name: str) -> NDArray[np.float32]:
        with self.path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            start, end = json.loads(file.read(size))[name]["data_offsets"]
            file.seek(8 + size + start)
            raw = np.frombuffer(file.read(end - start), _TYPES[self.types[name]])
        if self.types[name] == "BF16":  # the upper half of a float32
            raw = (raw.astype(np.uint32) << 16).view(np.float32)
        with np.errstate(over="ignore"):  # what is infinite then is refused
            return raw.astype(np.float32).reshape(self.shapes[name])


def open_foreign(path: Path) -> ForeignFile:
    """The header of a safetensors file, checked against its size. CheckpointError for another."""
    if not path.is_file():  # opening a pipe would wait for its writer
        raise CheckpointError(f"there is no file {path}", "Name a safetensors file.")
    try:
        with safe_open(path, framework="numpy") as file:
            parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
            shapes = {name: tuple(part.get_shape()) for name, part in parts.items()}
            types = {name: str(part.get_dtype()) for name, part in parts.items()}
            metadata = file.metadata() or {}
    except (SafetensorError, ValueError, OverflowError) as error:
        if _is_pickle(path):
            raise CheckpointError(
                f"{path} is a pickle of torch.save, which can run code when it is loaded",
                f"Load it where you trust it, and save it again: {_SAVE}",
            ) from None
        raise CheckpointError(
            f"{path} is not a safetensors file: {error}", f"Save one with {_SAVE}"
        ) from None
    if KEY in metadata:
        raise CheckpointError(
            f"{path} is a checkpoint of charrnn already", f"Use it as it is: charrnn sample {path}"
        )
    return ForeignFile(path, shapes, types, metadata)


def _is_pickle(path: Path) -> bool:
    """Whether it begins like one; a header's length may have that first byte, but ends in zeros."""
    with path.open("rb") as file:
        first = file.read(8)
    return len(first) == 8 and first.startswith(_PICKLES) and not first.endswith(b"\0\0")
