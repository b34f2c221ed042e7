"""What `torch.save` writes of a state dictionary: its tensors, read without torch.

The file is a zip archive of a pickle and of the tensors' numbers. A pickle names the functions that
make its objects, so that loading one can run anything. Here those of tensors are ours, and whatever
else it names becomes an object without use.
"""

import math
import pickle
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

_LARGEST = 1 << 24  # bytes of a pickle: that of a thousand tensors has a hundred thousand
_MOST = 1 << 48  # numbers of a storage
_TYPES = {"FloatStorage": "F32", "HalfStorage": "F16", "DoubleStorage": "F64",
          "BFloat16Storage": "BF16"}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """Where the numbers of a tensor stand, in numbers of its storage. ValueError if they do not."""

    kind: str
    key: str
    count: int
    """Of the storage."""
    first: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def __post_init__(self) -> None:
        numbers = (self.count, self.first, *self.shape, *self.strides)
        is_place = isinstance(self.key, str) and all(type(n) is int for n in numbers)
        if not is_place or not all(0 <= n < _MOST for n in numbers):
            raise ValueError("a tensor without a place")
        last = self.first + sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        size = math.prod(self.shape)
        if size and (last >= self.count or size > self.count):  # more would be one number repeated
            raise ValueError("a tensor that is larger than its storage")

    def of(self, storage: NDArray[Any]) -> NDArray[Any]:
        """Its numbers, of those of the storage."""
        if len(storage) != self.count:
            raise ValueError("a storage of another size")
        steps = [stride * storage.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(storage[self.first :], self.shape, steps)


class _Unused:
    """Stands for an object of any other class."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Of any arguments."""

    def __setstate__(self, _: Any) -> None:
        """Has no state."""

    def __setitem__(self, _: Any, __: Any) -> None:
        """Has no items."""

    def extend(self, _: Any) -> None:
        """Has no items."""

    append = add = extend


class _Dictionary(dict[Any, Any]):
    """Stands for an OrderedDict, whose items are set one by one."""

    def __init__(self, *_: Any) -> None:
        super().__init__()


_InPython: Any = pickle._Unpickler  # noqa: SLF001  (that in C trusts the sizes in a file)


class _Unpickler(_InPython):  # type: ignore[misc]  # typeshed knows little of it
    """Python's own, but for what a small file could take gigabytes or hours with.

    Those are hashes of nested tuples, and bytes whose number is only claimed.
    """

    dispatch: ClassVar[dict[int, Any]] = {**_InPython.dispatch}
    del dispatch[pickle.BYTEARRAY8[0]]

    def find_class(self, module: str, name: str) -> Any:
        """What a name stands for: nothing of it is imported."""
        if (module, name) == ("collections", "OrderedDict"):
            return _Dictionary
        if module == "torch._utils" and name == "_rebuild_tensor_v2":
            return _tensor
        if module == "torch._utils" and name == "_rebuild_parameter":
            return lambda tensor, *_: tensor
        if module == "torch" and name.endswith("Storage"):
            return _TYPES.get(name, name)
        return _Unused

    def persistent_load(self, pid: Any) -> Any:
        """A storage: its type, its key and how many numbers it has."""
        _, kind, key, _, count = pid
        return kind, key, count

    def set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _put([key, value], self.stack[-1])

    def set_items(self) -> None:
        items = self.pop_mark()
        _put(items, self.stack[-1])

    def make_dictionary(self) -> None:
        items, made = self.pop_mark(), _Dictionary()
        _put(items, made)
        self.append(made)

    def make_set(self) -> None:
        self.append(_Unused())

    def make_frozen_set(self) -> None:
        self.pop_mark()
        self.append(_Unused())

    dispatch |= {
        pickle.SETITEM[0]: set_item, pickle.SETITEMS[0]: set_items,
        pickle.DICT[0]: make_dictionary, pickle.EMPTY_SET[0]: make_set,
        pickle.FROZENSET[0]: make_frozen_set,
    }  # fmt: skip


def _put(items: list[Any], target: Any) -> None:
    """Set items, which are keys and values in turns; a key that is not a name is left out."""
    for key, value in zip(items[::2], items[1::2], strict=True):
        if isinstance(key, str | int):
            target[key] = value


def _tensor(storage: Any, first: Any, shape: Any, strides: Any, *_: Any) -> Tensor:
    kind, key, count = storage
    return Tensor(kind, key, count, first, tuple(shape), tuple(strides))


@dataclass(frozen=True)
class StateDict:
    """The tensors of an archive by their names, in the order of the modules."""

    path: Path
    prefix: str
    tensors: Mapping[str, Tensor]

    def storage(self, name: str) -> bytes:
        """The bytes of the storage that a tensor is in. ValueError if they are damaged."""
        with zipfile.ZipFile(self.path) as archive:
            return _stored(archive, f"{self.prefix}data/{self.tensors[name].key}", None)


def open_state_dict(path: Path) -> StateDict:
    """The tensors of the file: its own, or those of the dictionary in it that has most of them.

    ValueError, and whatever else a damaged pickle leads to.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        pickled = next((name for name in names if name.endswith("/data.pkl")), None)
        if pickled is None:
            raise ValueError("an archive of something else")
        prefix = pickled.removesuffix("data.pkl")
        order = f"{prefix}byteorder"
        if order in names and _stored(archive, order, 16) != b"little":
            raise ValueError("numbers of a big-endian machine")
        loaded = _Unpickler(BytesIO(_stored(archive, pickled, _LARGEST))).load()
    if isinstance(loaded, _Unused):
        raise ValueError("an object of another class, such as a whole module")
    return StateDict(path, prefix, max(_dictionaries(loaded), key=len))


def _dictionaries(loaded: Any) -> Iterator[dict[str, Tensor]]:
    """The tensors of each dictionary in what was loaded, down to the second level in it."""
    level, seen = [loaded], set[int]()
    for _ in range(3):
        found = [entry for entry in level if id(entry) not in seen]
        seen |= {*map(id, found)}
        level = []
        for entry in found:
            items = entry if isinstance(entry, dict) else {}
            yield {n: t for n, t in items.items() if isinstance(n, str) and isinstance(t, Tensor)}
            level += items.values() if items else entry if isinstance(entry, list | tuple) else ()


def _stored(archive: zipfile.ZipFile, name: str, most: int | None) -> bytes:
    """The bytes of a member, which has at most so many. ValueError if it is compressed."""
    member = archive.getinfo(name)
    if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
        raise ValueError("a compressed archive")
    if most is not None and member.file_size > most:
        raise ValueError(f"{name} has {member.file_size:,} bytes")
    return archive.read(member)
