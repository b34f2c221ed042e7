"""Files as strangers, bad disks and mistakes make them; and what has to become of each.

A mutation is loaded as the commands load it. It may work, or be refused with a sentence
(`CharRNNError`); anything else is a bug. The tests try some, `python -m scripts.fuzz` thousands.
"""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from charrnn.errors import CharRNNError
from charrnn.inference.sampling import sample
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings, TextSettings, read
from charrnn.storage.container import KEY, add_checksum
from charrnn.storage.metrics import read_curves
from charrnn.storage.runs import METRICS, MODEL, TRAINING, load_run
from charrnn.text.corpus import checked_ids
from charrnn.text.corpus_files import open_corpus
from charrnn.text.preparation import prepare
from charrnn.text.tokenizers import from_json
from charrnn.training.loop import training_step
from tests.training.conftest import resume

FROZEN = Path(__file__).parent / "storage" / "format2" / "checkpoints" / "old"
FROZEN_CORPUS = Path(__file__).parent / "text" / "format1" / "old-bd6b4953"

ODD: list[Any] = [
    None, True, -1, 0, 1, 2**31, 2**63, 10**30, -1e308, 1e308, float("nan"), float("inf"), "", "x",
    "x" * 10_000, "../../x", "/etc/passwd", "\x1b]0;x\x07", "\ud800", "NaN", [], {}, [[]], {"": {}},
    "lstm", "90/5/5", "uint32", "utf-7", "idna", [1] * 1000, "1" * 5000,
]  # fmt: skip


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
        header["__metadata__"][KEY] = json.dumps(
            odd(json.loads(header["__metadata__"][KEY]), chance)
        )
    if chance.random() < 0.2:
        rest = scrambled(rest, chance)
    made = json.dumps(header).encode()
    blob = len(made).to_bytes(8, "little") + made + rest
    try:
        return bytes(add_checksum(blob))
    except AssertionError:  # it lost the place of its checksum
        return blob


def checkpoint(data: bytes, chance: random.Random) -> bytes:
    """One of both."""
    return (resealed if chance.random() < 0.7 else scrambled)(data, chance)


def json_file(data: bytes, chance: random.Random) -> bytes:
    """A file of JSON."""
    if chance.random() < 0.3:
        return scrambled(data, chance)
    return json.dumps(odd(json.loads(data), chance)).encode()


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
        self.kinds: dict[str, tuple[Path, Callable[[bytes, random.Random], bytes], Any]] = {
            "model": (self.run / MODEL, checkpoint, self._model),
            "training": (self.run / TRAINING, checkpoint, self._training),
            "old model": (old / MODEL, checkpoint, lambda _: load_run("old", lambda _: None)),
            "old training": (old / TRAINING, checkpoint, lambda _: self._resume("old")),
            "metrics": (self.run / METRICS, scrambled, self._metrics),
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

    def _model(self, _: random.Random) -> None:
        checkpoint = load_run(self.run.name, lambda _: None)
        network = LanguageModel(checkpoint.model, checkpoint.weights)
        "".join(sample(network, checkpoint.tokenizer, SampleSettings(length=9)))

    def _training(self, _: random.Random) -> None:
        self._resume(self.run.name)

    def _resume(self, name: str) -> None:
        run = resume(name)
        if not run.finished:
            training_step(run)

    def _metrics(self, _: random.Random) -> None:
        read_curves(self.run, 100)

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
