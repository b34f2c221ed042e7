"""Files as strangers, bad disks and mistakes make them."""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from safetensors.torch import load, save

from charrnn.extras.compress.stream import Header
from charrnn.storage.container import KEY, add_checksum

ODD: list[Any] = [
    None, True, -1, 0, 1, 2**31, 2**63, 10**30, -1e308, 1e308, float("nan"), float("inf"), "", "x",
    "x" * 10_000, "../../x", "/etc/passwd", "\x1b]0;x\x07", "\ud800", "NaN", [], {}, [[]], {"": {}},
    "lstm", "90/5/5", "uint32", "utf-7", "idna", [1] * 1000, "1" * 5000,
]  # fmt: skip


MEANINGS: list[Any] = [0, -1, 0.5, math.inf, -math.inf, math.nan, 1e300, "x", True, None, [], {}]
"""What stands in the place of each number, and of each value of another type."""
TYPES = [torch.uint8, torch.bool, torch.int64, torch.float64, torch.float16, torch.bfloat16]


def places(data: Any) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to each value in JSON."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        yield (key,)
        if isinstance(value, dict | list):
            yield from ((key, *below) for below in places(value))


def put(data: Any, place: tuple[Any, ...], value: Any) -> Any:
    """JSON with another value at a place."""
    if not place:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[place[0]] = put(copy[place[0]], place[1:], value)
    return copy


def by_meaning(data: Any, chance: random.Random) -> Any:
    """JSON of which one value means something else."""
    return put(data, chance.choice([*places(data)]), chance.choice(MEANINGS))


def scrambled(data: bytes, chance: random.Random) -> bytes:
    """Bytes that are flipped, lost, doubled, moved or made up."""
    new = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 5, 50])):
        place = chance.randrange(len(new) + 1) if chance.random() < 0.5 else chance.randrange(300)
        place = min(place, len(new))
        size = chance.choice([1, 2, 8, 100])
        made = (
            chance.randbytes(size)
            if chance.random() < 0.6
            else bytes([chance.choice(b'\0\xff9{["')])
        )
        match chance.randrange(5):
            case 0:
                new[place : place + len(made)] = made
            case 1:
                del new[place : place + size]
            case 2:
                new[place:place] = made
            case 3:
                del new[place:]
            case _:
                new[place:place] = new[place // 2 : place // 2 + size]
    return bytes(new)


def odd(data: Any, chance: random.Random) -> Any:
    """JSON of which one part is lost, or is something else."""
    if isinstance(data, dict) and data and chance.random() < 0.9:
        key = chance.choice(sorted(data))
        if chance.random() < 0.1:
            return {name: value for name, value in data.items() if name != key}
        return data | {key: odd(data[key], chance)}
    if isinstance(data, list) and data and chance.random() < 0.8:
        place = chance.randrange(len(data))
        return [*data[:place], odd(data[place], chance), *data[place + 1 :]]
    if isinstance(data, int) and chance.random() < 0.5:
        return data + chance.choice([-1, 1, 7, 1000])
    return chance.choice(ODD)


def resealed(data: bytes, chance: random.Random) -> bytes:
    """A checkpoint whose header says odd things under a right checksum."""
    size = int.from_bytes(data[:8], "little")
    header, rest = json.loads(data[8 : 8 + size]), data[8 + size :]
    if chance.random() < 0.3:
        tensor = chance.choice(sorted(header))
        header[tensor] = odd(header[tensor], chance)
    else:
        change = chance.choice([odd, by_meaning])
        header["__metadata__"][KEY] = json.dumps(
            change(json.loads(header["__metadata__"][KEY]), chance)
        )
    if chance.random() < 0.2:
        rest = scrambled(rest, chance)
    made = json.dumps(header).encode()
    blob = len(made).to_bytes(8, "little") + made + rest
    try:
        return bytes(add_checksum(blob))
    except AssertionError:  # it lost the place of its checksum
        return blob


def retyped(data: bytes, chance: random.Random) -> bytes:
    """A checkpoint of which one tensor has another type, or numbers that are none."""
    size = int.from_bytes(data[:8], "little")
    tensors, said = load(data), json.loads(data[8 : 8 + size])["__metadata__"]
    name = chance.choice(sorted(tensors))
    tensors[name] = tensors[name].to(chance.choice([*TYPES, tensors[name].dtype]))
    if tensors[name].is_floating_point():
        largest = torch.finfo(tensors[name].dtype).max
        tensors[name] = tensors[name] * 0 + chance.choice([largest, 0.0, -1.0, math.inf, math.nan])
    return bytes(add_checksum(save(tensors, said)))


def checkpoint(data: bytes, chance: random.Random) -> bytes:
    """One of them."""
    return chance.choice([resealed, resealed, retyped, scrambled])(data, chance)


def lines_of_json(data: bytes, chance: random.Random) -> bytes:
    """Events, of which one means something else; or any bytes."""
    if chance.random() < 0.4:
        return scrambled(data, chance)
    lines = [json.loads(line) for line in data.splitlines()]
    number = chance.randrange(len(lines))
    lines[number] = chance.choice([odd, by_meaning])(lines[number], chance)
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def compressed(data: bytes, chance: random.Random) -> bytes:
    """A compressed file whose header says other things under a right check; or any bytes."""
    if chance.random() < 0.5:
        return scrambled(data, chance)
    header, body = Header.unpack(data)
    changes: list[dict[str, Any]] = [
        {"length": chance.choice([0, 1, 7, 10**9, 2**50])},
        {"checksum": 0},
        {"fingerprint": b"xx"},
        {"model": b"model"},  # not `dynamic`, which rightly takes long
    ]
    return replace(header, **chance.choice(changes)).pack() + body


def json_file(data: bytes, chance: random.Random) -> bytes:
    """A file of JSON."""
    if chance.random() < 0.3:
        return scrambled(data, chance)
    return json.dumps(chance.choice([odd, by_meaning])(json.loads(data), chance)).encode()
