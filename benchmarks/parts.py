"""The parts of the benchmark. Each gives rows as it finds them."""

import json
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import processes, published
from benchmarks.measure import Options, Ran, Row, charrnn, charrnn_json, process, python, ratios
from benchmarks.text import english, write_mixed
from charrnn.cells import CELLS
from charrnn.text.compressors import baselines

_READ = "file = open({path!r}, encoding='utf-8', newline='')\nwhile file.read(1 << 20): pass"
QUALITY_TIMES = ["30s", "110s", "10m"]
_TORCH = (sys.executable, "-c", "import torch")


def _rate(module: str, *arguments: str) -> Callable[[], float]:
    return lambda: python(f"benchmarks.{module}", *arguments)["rate"]


class Bench(Options):
    """The parts, by their names."""

    def training(self) -> Iterator[Row]:
        """Rate beside the plain loop, share of the ceiling, the time around the products."""
        top = statistics.median(_rate("ours", "ceiling")() for _ in range(3))
        yield Row("training", "matrix product 2048^3", top / 1e9, "GFLOP/s")
        for cell in ("lstm", "gru"):
            for hidden_size in (128, 256, 512):
                name, shape = (
                    f"{cell} 2x{hidden_size}",
                    ("train", "--cell", cell, "--hidden-size", str(hidden_size)),
                )
                mine, _, ratio = ratios(self.runs, _rate("ours", *shape), _rate("plain", *shape))
                yield Row("training", name, mine, "characters/s", ratio, "the plain loop")
                look = python("benchmarks.ours", *shape)
                flops, around = look["flops"] / 1e9, 100 * look["around"]
                yield Row("training", name, flops, "GFLOP/s", flops * 1e9 / top, "matrix product")
                yield Row("training", f"{name}, around the products", around, "% of a step")

    def sampling(self) -> Iterator[Row]:
        """One stream beside nn.LSTM, with oneDNN and without; 256 streams beside one."""
        for hidden_size in (128, 256, 512):
            size = ("sample", "--hidden-size", str(hidden_size), "--seconds", "2")
            one = _rate("ours", *size)
            for other, than in (((), "nn.LSTM"), (("--no-onednn",), "nn.LSTM without oneDNN")):
                mine, _, ratio = ratios(self.runs, one, _rate("plain", *size, *other))
                yield Row(
                    "sampling", f"2x{hidden_size}, one stream", mine, "characters/s", ratio, than
                )
            for backend in ("numpy", "torch"):
                many = _rate("ours", *size, "--count", "256", "--backend", backend)
                mine, _, ratio = ratios(self.runs, many, one)
                name = f"2x{hidden_size}, 256 by {backend}"
                yield Row("sampling", name, mine, "characters/s", ratio, "one stream")

    def processes(self) -> Iterator[Row]:
        """Two processes beside one, and beside the prediction of a cost model."""
        for hidden_size in (128, 256, 512):
            yield from processes.rows(hidden_size, 128)

    def startup(self) -> Iterator[Row]:
        """Seconds until the first output."""
        text = self.home / "started.txt"
        text.write_text(english(200_000), "utf-8")
        charrnn(self.home, "train", str(text), "--steps", "20", "--run", "started", "--quiet")
        for words in (["--help"], ["sample", "started", "--length", "1"]):
            mine, _, ratio = ratios(
                2 * self.runs + 1,
                partial(lambda words: charrnn(self.home, *words).seconds, words),
                lambda: process(*_TORCH).seconds,
            )
            yield Row("startup", f"charrnn {' '.join(words)}", mine, "s", ratio, "import torch")

    def prepare(self) -> Iterator[Row]:
        """Rate beside reading and decoding; peak memory, for 4 and 8 times as much text too."""
        large, peak = self.home / "large.txt", 0.0

        def prepared() -> Ran:
            for folder in self.home.glob("corpora/large*"):
                shutil.rmtree(folder)
            return charrnn(self.home, "prepare", str(large), "--quiet")

        size = write_mixed(large, self.megabytes)
        mine, _, ratio = ratios(
            self.runs,
            lambda: size / prepared().seconds,
            lambda: size / process(sys.executable, "-c", _READ.format(path=str(large))).seconds,
        )
        yield Row("prepare", f"{size:,.0f} MB", mine, "MB/s", ratio, "read and decode")
        for factor in (1, 4, 8):
            size = write_mixed(large, self.megabytes * factor)
            used = prepared().mebibytes
            compared = (used / peak, "the smallest") if peak else (None, "")
            peak = peak or used
            yield Row("prepare", f"{size:,.0f} MB, peak memory", used, "MiB", *compared)
        large.unlink()

    def growth(self) -> Iterator[Row]:
        """Rate and memory as one size doubles."""
        sizes = {"hidden_size": 128, "layers": 2, "batch_size": 64, "seq_length": 16}
        for name, size in sizes.items():
            before = 0.0
            for factor in (1, 2, 4):
                given = {**sizes, name: size * factor}
                flags = [part for key, value in given.items() for part in (f"--{key}", str(value))]
                ran = process(sys.executable, "-m", "benchmarks.ours", "train", *flags)
                rate = float(json.loads(ran.out)["rate"])
                compared = (rate / before, "half as much") if before else (None, "")
                size_name, before = f"{name} {given[name]}", rate
                yield Row("growth", size_name, rate, "characters/s", *compared)
                yield Row("growth", f"{size_name}, peak memory", ran.mebibytes, "MiB")
        for megabytes in (4, 8, 16):
            text = self.home / f"grown{megabytes}.txt"
            text.write_text(english(1_000_000) * megabytes, "utf-8")
            steps = ("--steps", "30", "--hidden-size", "128", "--quiet", "--run", text.stem)
            ran = charrnn(self.home, "train", str(text), *steps)
            yield Row("growth", f"corpus {megabytes} MB, peak memory", ran.mebibytes, "MiB")

    def cells(self) -> Iterator[Row]:
        """Each cell's training rate beside LSTM's, at the same hidden_size."""
        size = ("--hidden-size", "256", "--seconds", "3")
        for cell in CELLS:
            one, other = (_rate("ours", "train", "--cell", c, *size) for c in (cell, "lstm"))
            mine, _, ratio = ratios(self.runs, one, other)
            yield Row("cells", f"{cell} 2x256", mine, "characters/s", ratio, "lstm")

    def quality(self) -> Iterator[Row]:
        """Validation loss after a time, over seeds; dynamic evaluation; compressors."""
        run = ""
        for time in (self.times or QUALITY_TIMES) if self.text else []:
            stream, cold = [], []
            for seed in range(1, self.seeds + 1):
                run = f"quality-{time}-{seed}"
                settings = ("--time", time, "--split", "90/10/0", "--seed", str(seed), "--run", run)
                charrnn(self.home, "train", str(self.text), *settings, "--quiet")
                stream.append(self._score(run)["loss"])
                cold.append(self._score(run, "--context", "256")["loss"])
            for name, losses in (("stream", stream), ("windows 256", cold)):
                title = f"{time}, {name}, {min(losses):.4f} to {max(losses):.4f}"
                yield Row("quality", title, statistics.mean(losses), "nats")
        if self.text and run:
            moving, still = self._score(run, "--dynamic"), self._score(run)
            ratio = moving["loss"] / still["loss"]
            yield Row("quality", f"{run}, dynamic", moving["loss"], "nats", ratio, "stream")
            for name, score in (("stream", still), ("dynamic", moving)):
                bits = score["bits_per_character"]
                yield Row("quality", f"{run}, {name}", bits, "bits per character")
            text = self.text.read_bytes()
            cut = len(text) * 9 // 10
            for name, bits in baselines(text[:cut], text[cut:]).items():
                yield Row("quality", f"{name}, the same part", bits, "bits per byte")

    def _score(self, run: str, *more: str) -> dict[str, float]:
        return charrnn_json(self.home, "eval", run, "--part", "valid", *more)

    def published(self) -> Iterator[Row]:
        """Figures beside those that others have published, or that their programs reach here."""
        for name in self.rows or published.ROWS:
            yield from published.ROWS[name](self)
