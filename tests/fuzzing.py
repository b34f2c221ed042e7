"""A run and its corpus, of which one file at a time is mutated and loaded as commands load it.

It may work, or be refused with a sentence (`CharRNNError`); anything else is a bug. The tests try
some mutations, `python -m scripts.fuzz` thousands.
"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from charrnn.errors import CharRNNError
from charrnn.extras.compress.stream import compress, decompress, read_compressed
from charrnn.extras.importing.run import read_foreign
from charrnn.inference.sampling import sample
from charrnn.network.language_model import LanguageModel
from charrnn.settings import SampleSettings, TextSettings, read
from charrnn.storage.metrics import read_curves
from charrnn.storage.runs import METRICS, MODEL, TRAINING, load_run
from charrnn.text.corpus import checked_ids
from charrnn.text.corpus_files import open_corpus
from charrnn.text.pictures import load_input
from charrnn.text.preparation import prepare
from charrnn.text.tokenizers import from_json
from charrnn.training.loop import training_step
from tests.conftest import call_charrnn
from tests.extras.importing.elsewhere import Elsewhere
from tests.mutations import checkpoint, compressed, json_file, lines_of_json, odd, scrambled
from tests.training.conftest import resume

FROZEN = Path(__file__).parent / "storage" / "format2" / "checkpoints" / "old"
FROZEN_CORPUS = Path(__file__).parent / "text" / "format1" / "old-bd6b4953"


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
        self.saved = home / "weights.pt"
        torch.save(Elsewhere("GRU", size=256, num_layers=2).state_dict(), self.saved)
        self.kinds: dict[str, tuple[Path, Callable[[bytes, random.Random], bytes], Any]] = {
            "model": (self.run / MODEL, checkpoint, self._model),
            "training": (self.run / TRAINING, checkpoint, self._training),
            "old model": (old / MODEL, checkpoint, lambda _: load_run("old", lambda _: None)),
            "old training": (old / TRAINING, checkpoint, lambda _: self._resume("old")),
            "metrics": (self.run / METRICS, lines_of_json, self._metrics),
            "compressed": (self.packed, compressed, self._compressed),
            "features": (home / "features.npy", scrambled, self._picture),
            **{kind: (path, scrambled, self._picture) for kind, path in pictures.items()},
            "weights.pt": (self.saved, scrambled, self._imported),
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

    def _imported(self, _: random.Random) -> None:
        read_foreign(self.saved, "bytes")

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
