"""The same work, done by charrnn: `python -m benchmarks.ours train ...`."""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as the command sets them, before torch is loaded
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.measure import per_call
from benchmarks.plain import KINDS


def characters() -> str:
    """As many kinds of characters as the plain loop has."""
    return "".join(chr(33 + kind) for kind in range(KINDS))


def train(
    cell: Any, width: int, layers: int, lanes: int, window: int, seconds: float
) -> dict[str, float]:
    """Characters a second of whole steps, and the share of a step around its three products.

    Timed are the training loop's own steps; forward, backward and optimizers are timed inside them.
    """
    from charrnn.engine import train as loop
    from charrnn.engine.optim import schedule
    from charrnn.engine.session import Session
    from charrnn.engine.watch import Watch
    from charrnn.settings import ModelSettings, TextSettings, TrainSettings
    from charrnn.text.corpus import prepare

    with tempfile.TemporaryDirectory() as home:
        os.environ["CHARRNN_HOME"] = home
        text = Path(home) / "text.txt"
        rng = np.random.default_rng(0)
        text.write_text(
            "".join(rng.choice(list(characters()), 8 * lanes * window + KINDS)) + characters()
        )
        corpus = prepare([str(text)], TextSettings(split="100/0/0"), None, lambda _: None)
        model = ModelSettings(cell=cell, width=width, layers=layers)
        session = Session(
            corpus,
            Path(home),
            model,
            TrainSettings(lanes=lanes, window=window, steps=10**9),
            TextSettings(),
        )
        session.position.steps, session.position.hold = 10**9, 10
        watch = Watch(session, lambda _: None)
        inside = [0.0]

        def timed(work: Callable[..., Any]) -> Callable[..., Any]:
            def run(*given: Any, **named: Any) -> Any:
                begun = time.perf_counter()
                found = work(*given, **named)
                inside[0] += time.perf_counter() - begun
                return found

            return run

        session.crew.gradients = timed(session.crew.gradients)  # type: ignore[method-assign]  # looked at
        for optimizer in session.optimizers:
            optimizer.step = timed(optimizer.step)  # type: ignore[method-assign]  # likewise
        session.model.train()

        def step() -> None:
            session.set_rates(schedule(session.position.step, 50, 50, 10**9))
            watch.note(loop._step(session))

        for _ in range(3):
            step()
        inside[0], steps, begun = 0.0, 0, time.perf_counter()
        while steps < 5 or time.perf_counter() - begun < seconds:
            step()
            steps += 1
        taken = time.perf_counter() - begun
    weights = (
        sum(p.numel() for p in session.model.parameters()) - session.model.embedding.weight.numel()
    )
    rate = steps * lanes * window / taken
    return {"rate": rate, "around": 1 - inside[0] / taken, "flops": 6 * weights * rate}


def sample(width: int, count: int, seconds: float) -> float:
    """Characters a second, of all streams, the writing of text included."""
    from charrnn.play.player import Player
    from charrnn.play.sample import write, write_many
    from charrnn.settings import ModelSettings, SampleSettings
    from charrnn.store import shapes
    from charrnn.text.tokenizers import Characters

    rng = np.random.default_rng(0)
    model = ModelSettings(width=width)
    weights = {
        name: rng.standard_normal(shape).astype(np.float32) / 16
        for name, shape in shapes(model, KINDS).items()
    }
    tokenizer = Characters(characters())
    if count == 1:
        settings = SampleSettings(length=2000)
        player = Player(model, weights)
        return 2000 / per_call(lambda: list(write(player, tokenizer, settings)), seconds)
    from charrnn.engine import crowd

    settings = SampleSettings(length=1000, count=count)

    def together() -> None:
        drawn = crowd.blocks(model, weights, tokenizer, settings)
        list(write_many(tokenizer, settings, drawn))

    return count * settings.length / per_call(together, seconds)


def ceiling() -> float:
    """Operations a second of a large matrix product, in the type that training takes."""
    import torch

    from charrnn.engine import device as devices

    device = devices.choose("auto")
    dtype = torch.bfloat16 if devices.bf16(device, "auto") else torch.float32
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
        ("width", 256),
        ("layers", 2),
        ("lanes", 128),
        ("window", 32),
        ("count", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    if given.work == "train":
        found = train(
            given.cell, given.width, given.layers, given.lanes, given.window, given.seconds
        )
    elif given.work == "sample":
        found = {"rate": sample(given.width, given.count, given.seconds)}
    else:
        found = {"rate": ceiling()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
