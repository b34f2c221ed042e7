"""What `torch.save` writes of a state dictionary: its tensors, read without torch.

The file is a zip archive of a pickle and of the tensors' numbers. A pickle names the functions that
make its objects, so that loading one can run anything. Here those of tensors are ours, and whatever
else it names becomes an object without use.
"""

import math
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import repeat
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

_LARGEST = 1 << 20  # bytes of a pickle: that of a thousand tensors has a hundred thousand
_MOST = 1 << 48  # numbers of a storage
_AXES = 8  # of a tensor
_TYPES = {"FloatStorage": "F32", "HalfStorage": "F16", "DoubleStorage": "F64",
          "BFloat16Storage": "BF16"}  # fmt: skip
_WEIGHT = re.compile(r".*(weight|bias|_l[0-9]+)", re.DOTALL)


@dataclass(frozen=True)
class Tensor:
    """Where the numbers of a tensor stand, in numbers of its storage."""

    kind: str
    key: str
    count: int
    """Of the storage."""
    first: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, storage: NDArray[Any]) -> NDArray[Any]:
        """Its numbers, of those of the storage."""
        if len(storage) != self.count:
            raise ValueError("a storage of another size")
        steps = [stride * storage.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(storage[self.first :], self.shape, steps)


def _tensor(storage: Any, first: Any, shape: Any, strides: Any, *_: Any) -> Tensor:
    """As a pickle says. ValueError if its numbers are not in its storage."""
    kind, key, count = storage
    axes = isinstance(shape, tuple) and isinstance(strides, tuple) and len(shape) == len(strides)
    if not (isinstance(kind, str) and isinstance(key, str) and axes) or len(shape) > _AXES:
        raise ValueError("a tensor without a place")
    if not all(type(n) is int and 0 <= n < _MOST for n in (count, first, *shape, *strides)):
        raise ValueError("a tensor without a place")
    last = first + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    size = math.prod(shape)
    if size and (last >= count or size > count):  # more would be one number repeated
        raise ValueError("a tensor that is larger than its storage")
    return Tensor(kind, key, count, first, shape, strides)


class _Unused:
    """Stands for an object of any other class."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Of any arguments."""

    def __setitem__(self, _: Any, __: Any) -> None:
        """Has no items."""

    def extend(self, _: Any) -> None:
        """Has no items."""

    append = extend


class _Dictionary(dict[Any, Any]):
    """Stands for an OrderedDict, whose items are set one by one."""

    def __init__(self, *_: Any) -> None:
        super().__init__()


_InPython: Any = pickle._Unpickler  # noqa: SLF001  (that in C trusts the sizes in a file)


class _Unpickler(_InPython):  # type: ignore[misc]  # typeshed knows little of it
    """Reads what state dictionaries are made of; what else a pickle can ask for is an error.

    A name is a string, as hashes of nested tuples take hours, and no object gets a state.
    """

    def find_class(self, module: str, name: str) -> Any:
        """What a name stands for: nothing of it is imported."""
        if (module, name) == ("collections", "OrderedDict"):
            return _Dictionary
        if module == "torch._utils" and name == "_rebuild_tensor_v2":
            return _tensor
        if module == "torch._utils" and name.startswith("_rebuild_parameter"):
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
        _set(self.stack[-1], [key, value])

    def set_items(self) -> None:
        items = self.pop_mark()
        _set(self.stack[-1], items)

    def leave_state_out(self) -> None:
        self.stack.pop()

    def make_set(self) -> None:
        self.append(_Unused())

    def make_frozen_set(self) -> None:
        self.pop_mark()
        self.append(_Unused())

    dispatch: ClassVar[dict[int, Any]] = {
        code[0]: _InPython.dispatch[code[0]]
        for code in (
            pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK, pickle.MEMOIZE, pickle.BINPUT,
            pickle.LONG_BINPUT, pickle.BINGET, pickle.LONG_BINGET, pickle.GLOBAL,
            pickle.STACK_GLOBAL, pickle.BINPERSID, pickle.REDUCE, pickle.NEWOBJ, pickle.NONE,
            pickle.NEWTRUE, pickle.NEWFALSE, pickle.BININT, pickle.BININT1, pickle.BININT2,
            pickle.LONG1, pickle.BINFLOAT, pickle.BINUNICODE, pickle.SHORT_BINUNICODE,
            pickle.BINBYTES, pickle.SHORT_BINBYTES, pickle.EMPTY_TUPLE, pickle.TUPLE,
            pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3, pickle.EMPTY_LIST, pickle.APPEND,
            pickle.APPENDS, pickle.EMPTY_DICT,
        )
    } | {
        pickle.SETITEM[0]: set_item, pickle.SETITEMS[0]: set_items,
        pickle.BUILD[0]: leave_state_out, pickle.EMPTY_SET[0]: make_set,
        pickle.ADDITEMS[0]: _InPython.pop_mark, pickle.FROZENSET[0]: make_frozen_set,
    }  # fmt: skip


def _set(target: Any, items: list[Any]) -> None:
    """Set items, which are names and values in turns; other keys are left out."""
    for name, value in zip(items[::2], items[1::2], strict=True):
        if isinstance(name, str):
            target[name] = value


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
    """The tensors of the file: its own, or those of the one dictionary in it with a network.

    ValueError, and whatever else a damaged pickle leads to.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        pickled = next((name for name in members if name.endswith("/data.pkl")), None)
        if pickled is None:
            raise ValueError("an archive of something else")
        prefix = pickled.removesuffix("data.pkl")
        order = f"{prefix}byteorder"
        if order in members and _stored(archive, order, 16) != b"little":
            raise ValueError("numbers of a big-endian machine")
        loaded = _Unpickler(BytesIO(_stored(archive, pickled, _LARGEST))).load()
    if isinstance(loaded, _Unused):
        raise ValueError("an object of another class, such as a whole module")
    return StateDict(path, prefix, _of_network(loaded))


def _of_network(loaded: Any) -> dict[str, Tensor]:
    """The tensors of the dictionary that has recurrent layers; of the first if none has."""
    every = [*_dictionaries(loaded)] or [("", {})]
    networks = [
        (name, entry) for name, entry in every
        if any(key.endswith("weight_ih_l0") for key in entry)
    ]  # fmt: skip
    if len(networks) > 1:
        listed = ", ".join(f"{name:.60}" for name, _ in networks[:_AXES])
        raise ValueError(f"it has several networks: {listed}; save the tensors of one")
    _, entry = (networks or every)[0]
    for name, value in entry.items():
        if isinstance(value, _Unused) and _WEIGHT.fullmatch(name):
            raise ValueError(f"{name:.60} is a tensor of a kind that is not read")
    tensors = {name: value for name, value in entry.items() if isinstance(value, Tensor)}
    there = {tensor.key: tensor.count for tensor in tensors.values()}
    if sum(math.prod(t.shape) for t in tensors.values()) > 2 * sum(there.values()):  # tied: twice
        raise ValueError("tensors that have one storage, many times")
    return tensors


def _dictionaries(loaded: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, entry) of each dictionary in what was loaded, down to the second level in it."""
    level, seen = [("itself", loaded)], set[int]()
    for _ in range(3):
        fresh = {id(entry): (name, entry) for name, entry in level if id(entry) not in seen}
        seen |= fresh.keys()
        level = []
        for name, entry in fresh.values():
            if isinstance(entry, dict):
                yield name, entry
                level += entry.items()
            elif isinstance(entry, list | tuple):
                level += zip(repeat(name), entry)


def _stored(archive: zipfile.ZipFile, name: str, most: int | None) -> bytes:
    """The bytes of a member, which has at most so many. ValueError if it is compressed."""
    member = archive.getinfo(name)
    if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
        raise ValueError("a compressed archive")
    if most is not None and member.file_size > most:
        raise ValueError(f"{name} has {member.file_size:,} bytes")
    return archive.read(member)
