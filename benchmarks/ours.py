"""The same work, done by charrnn: `python -m benchmarks.ours train ...`."""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as the command sets them, before torch is loaded
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.measure import per_call
from benchmarks.plain import VOCABULARY_SIZE


def characters() -> str:
    """The vocabulary: as many characters as the plain loop has."""
    return "".join(chr(33 + token) for token in range(VOCABULARY_SIZE))


def train(
    cell: Any, hidden_size: int, layers: int, batch_size: int, seq_length: int, seconds: float
) -> dict[str, float]:
    """Characters a second of whole steps, and the fraction of a step around its three products.

    Timed are the training loop's own steps and the reports of their losses; forward, backward,
    optimizers and the sums over the processes of torchrun are timed inside them.
    """
    from charrnn.cells.parameters import count
    from charrnn.cli.process import is_launched
    from charrnn.engine.ranks import Ranks
    from charrnn.settings import ModelSettings, TextSettings, TrainSettings
    from charrnn.text.preparation import prepare
    from charrnn.training.loop import training_step
    from charrnn.training.meter import Meter
    from charrnn.training.run import Plan, Run

    with tempfile.TemporaryDirectory() as home:
        os.environ["CHARRNN_HOME"] = home
        text = Path(home) / "text.txt"
        drawn = np.random.default_rng(0).choice(
            list(characters()), 8 * batch_size * seq_length + VOCABULARY_SIZE
        )
        text.write_text("".join(drawn) + characters())
        corpus = prepare([str(text)], TextSettings(split="100/0/0"), None, lambda _: None)
        model = ModelSettings(cell=cell, hidden_size=hidden_size, layers=layers)
        settings = TrainSettings(batch_size=batch_size, seq_length=seq_length, steps=10**9)
        ranks = Ranks.join() if is_launched() else Ranks()
        run = Run(Plan(corpus, model, settings, TextSettings(), Path(home), ranks))
        run.synchronize()
        meter, inside, sums = Meter(run, lambda _: None), Timed(), Timed()
        ranks.sum = sums(ranks.sum)  # type: ignore[method-assign]  # timed
        run.threads.backward = inside(run.threads.backward)  # type: ignore[method-assign]  # timed
        for optimizer in run.optimizers:
            optimizer.step = inside(optimizer.step)  # type: ignore[method-assign]  # likewise
        for _ in range(3):
            meter.add(training_step(run))
        run.synchronize()
        inside.seconds, sums.seconds, steps, begun = 0.0, 0.0, 0, time.perf_counter()
        first = run.clock.seconds
        while steps < 5 or run.clock.seconds - first < seconds:
            meter.add(training_step(run))
            run.synchronize()
            steps += 1
        taken, in_sums = time.perf_counter() - begun, sums.seconds
        messages = {size: message_seconds(ranks, size) for size in (1, 1 << 20)}
    weights = count(run.model.declared, multiplied=True)
    rate = steps * batch_size * seq_length / taken
    return {
        "rate": rate,
        "around": 1 - inside.seconds / taken,
        "flops": 6 * weights * rate,
        "step": taken / steps,
        "sums": in_sums / steps,
        "parameters": sum(p.numel() for p in run.model.parameters()),
        "short_message": messages[1],
        "long_message": messages[1 << 20],
    }


def message_seconds(ranks: Any, numbers: int) -> float:
    """The median time of a sum of so many float32 over all processes."""
    import torch

    data, times = torch.zeros(numbers), []
    for _ in range(30):
        ranks.sums(0.0)
        begun = time.perf_counter()
        ranks.sum([data])
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


class Timed:
    """Wraps functions, and adds up the time spent in them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def run(*given: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            result = work(*given, **named)
            self.seconds += time.perf_counter() - begun
            return result

        return run


def sample(hidden_size: int, count: int, seconds: float, backend: str = "numpy") -> float:
    """Characters a second, of all texts, their decoding included."""
    from charrnn.inference import sampled_texts, sampling
    from charrnn.network.language_model import LanguageModel
    from charrnn.settings import ModelSettings, SampleSettings
    from charrnn.text.tokenizers import Characters

    rng = np.random.default_rng(0)
    model = ModelSettings(hidden_size=hidden_size)
    weights = {
        name: rng.standard_normal(parameter.shape).astype(np.float32) / 16
        for name, parameter in LanguageModel.parameters(model, VOCABULARY_SIZE).items()
    }
    tokenizer, network = Characters(characters()), LanguageModel(model, weights)
    if count == 1:
        settings = SampleSettings(length=2000)
        return 2000 / per_call(lambda: list(sampling.sample(network, tokenizer, settings)), seconds)
    settings = SampleSettings(length=1000, count=count)
    many: Callable[..., Iterator[object]] = sampled_texts.sample_many
    if backend == "torch":
        from charrnn.evaluation import batch_sampling

        many = batch_sampling.sample_many
    taken = per_call(lambda: list(many(network, tokenizer, settings)), seconds)
    return count * settings.length / taken


def ceiling() -> float:
    """Operations a second of a large matrix product, in the type that training takes."""
    import torch

    from charrnn.engine.devices import find_device, use_bf16

    device = find_device("auto")
    dtype = torch.bfloat16 if use_bf16(device, "auto") else torch.float32
    a, b = (torch.randn(2048, 2048, dtype=dtype, device=device) for _ in range(2))

    def product() -> None:
        (a @ b)[0, 0].item()

    return 2 * 2048**3 / per_call(product)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["train", "sample", "ceiling"])
    parser.add_argument("--cell", default="lstm")
    for name, default in (
        ("hidden_size", 256),
        ("layers", 2),
        ("batch_size", 128),
        ("seq_length", 32),
        ("count", 1),
    ):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    parser.add_argument("--backend", choices=["numpy", "torch"], default="numpy")
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    if given.work == "train":
        figures = train(
            given.cell,
            given.hidden_size,
            given.layers,
            given.batch_size,
            given.seq_length,
            given.seconds,
        )
    elif given.work == "sample":
        rate = sample(given.hidden_size, given.count, given.seconds, given.backend)
        figures = {"rate": rate}
    else:
        figures = {"rate": ceiling()}
    if os.environ.get("RANK", "0") == "0":
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
