"""Files as strangers, bad disks and mistakes make them; and what has to become of each.

A mutation is loaded as the commands load it. It may work, or be refused with a sentence
(`CharRNNError`); anything else is a bug. The tests try some, `python -m scripts.fuzz` thousands.
"""

import json
import math
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load, save

from charrnn.errors import CharRNNError
from charrnn.extras.compress.stream import Header, compress, decompress, read_compressed
from charrnn.inference.sampling import sample
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings, TextSettings, read
from charrnn.storage.container import KEY, add_checksum
from charrnn.storage.metrics import read_curves
from charrnn.storage.runs import METRICS, MODEL, TRAINING, load_run
from charrnn.text.corpus import checked_ids
from charrnn.text.corpus_files import open_corpus
from charrnn.text.pictures import load_input
from charrnn.text.preparation import prepare
from charrnn.text.tokenizers import from_json
from charrnn.training.loop import training_step
from tests.conftest import call_charrnn
from tests.training.conftest import resume

FROZEN = Path(__file__).parent / "storage" / "format2" / "checkpoints" / "old"
FROZEN_CORPUS = Path(__file__).parent / "text" / "format1" / "old-bd6b4953"

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


class Fuzz:
    """A folder with a run and its corpus, of which one file at a time is mutated and loaded."""

    def __init__(self, trained: Path, home: Path) -> None:
        """`trained`: where a run was trained on a text. `home`: a folder to be CHARRNN_HOME."""
        for name in ("corpora", "checkpoints"):
            shutil.copytree(trained / name, home / name)
        (self.run,) = (home / "checkpoints").iterdir()
        (self.corpus,) = (path for path in (home / "corpora").iterdir() if path.is_dir())
        old = home / "checkpoints" / "old"
        shutil.copytree(FROZEN, old)
        shutil.copytree(FROZEN_CORPUS, home / "corpora" / FROZEN_CORPUS.name)
        for older in self.run.glob("*.1.safetensors"):
            older.unlink()  # else it would be taken in place of the damaged one
        self.text = home / "text.txt"
        self.text.write_bytes("A text, naïve and café.\r\n".encode() * 40)
        self.home, self.packed = home, home / "text.crnn"
        model = load_run(self.run.name, lambda _: None)
        self.packed.write_bytes(compress(b"The old king\r\n\xff", model))
        pixels = Image.fromarray(np.arange(600, dtype=np.uint16).astype(np.uint8).reshape(20, 30))
        pictures = {kind: home / f"picture.{kind}" for kind in ("png", "jpeg")}
        for path in pictures.values():
            pixels.save(path)
        np.save(home / "features.npy", np.ones((2, 3, 4), np.float32))
        self.kinds: dict[str, tuple[Path, Callable[[bytes, random.Random], bytes], Any]] = {
            "model": (self.run / MODEL, checkpoint, self._model),
            "training": (self.run / TRAINING, checkpoint, self._training),
            "old model": (old / MODEL, checkpoint, lambda _: load_run("old", lambda _: None)),
            "old training": (old / TRAINING, checkpoint, lambda _: self._resume("old")),
            "metrics": (self.run / METRICS, lines_of_json, self._metrics),
            "compressed": (self.packed, compressed, self._compressed),
            "features": (home / "features.npy", scrambled, self._picture),
            **{kind: (path, scrambled, self._picture) for kind, path in pictures.items()},
            "corpus.json": (self.corpus / "corpus.json", json_file, self._corpus),
            "tokens.bin": (self.corpus / "tokens.bin", scrambled, self._corpus),
            "text": (self.text, scrambled, self._text),
            "settings": (self.text, scrambled, self._settings),
        }
        self.good = {kind: path.read_bytes() for kind, (path, _, _) in self.kinds.items()}

    def attempt(self, kind: str, chance: random.Random) -> bool:
        """Mutate, load, and put it right again. Whether it loaded; any other error is a bug."""
        path, mutate, load = self.kinds[kind]
        path.write_bytes(mutate(self.good[kind], chance))
        try:
            load(chance)
        except CharRNNError as error:
            assert error.message
            assert "memory" not in error.message  # it was taken because a file said so
            return False
        else:
            return True
        finally:
            path.write_bytes(self.good[kind])

    def _model(self, chance: random.Random) -> None:
        if chance.random() < 0.3:
            self._listed("inspect", self.run.name, *chance.choice([[], ["--json"]]))
        checkpoint = load_run(self.run.name, lambda _: None)
        network = LanguageModel(checkpoint.model, checkpoint.weights)
        "".join(sample(network, checkpoint.tokenizer, SampleSettings(length=9)))

    def _training(self, _: random.Random) -> None:
        self._resume(self.run.name)

    def _resume(self, name: str) -> None:
        run = resume(name)
        run.release()
        if not run.finished:
            training_step(run)

    def _metrics(self, chance: random.Random) -> None:
        read_curves(self.run, 100)
        self._listed("runs", *chance.choice([[], ["--json"]]))

    def _listed(self, *args: str) -> None:
        """A command that shows what files say: it ends with 0, or with a sentence."""
        shown = call_charrnn(self.home, *args)
        assert shown.code in (0, 4), shown.err
        assert "\x1b" not in shown.out.replace("\\x1b", "")

    def _compressed(self, _: random.Random) -> None:
        with self.packed.open("rb") as file:
            data = read_compressed(file, "x", 1 << 20)
        decompress(data, load_run(self.run.name, lambda _: None))

    def _picture(self, _: random.Random) -> None:
        for name in ("picture.png", "picture.jpeg", "features.npy"):
            load_input(str(self.home / name), "32x32")

    def _corpus(self, _: random.Random) -> None:
        found = open_corpus(self.corpus)
        checked_ids(found.part("train"), found.tokenizer.size)

    def _text(self, chance: random.Random) -> None:
        encoding = chance.choice(
            ["utf-8", "utf-8", "utf-16", "latin-1", "utf-7", "cp1252", "gb18030"]
        )
        settings = TextSettings(chance.choice(["char", "byte"]), encoding=encoding)
        made = prepare([self.text], settings, "fuzzed", lambda _: None)
        shutil.rmtree(made.folder)

    def _settings(self, chance: random.Random) -> None:
        """What a file may say of settings and tokenizers."""
        reads: list[Callable[[], object]] = [
            lambda: read(SampleSettings, odd({"length": 5, "temp": 1, "prompt": "x"}, chance)),
            lambda: read(TextSettings, odd({"split": "90/5/5", "encoding": "utf-8"}, chance)),
            lambda: from_json(odd({"kind": "char", "characters": "abc"}, chance)),
        ]
        try:
            chance.choice(reads)()
        except ValueError as error:  # whoever reads a file says which
            raise CharRNNError(str(error)) from None
