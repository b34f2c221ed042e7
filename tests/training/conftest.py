"""What the tests of training share: a small run in memory."""

from pathlib import Path
from typing import Any

import pytest

from charrnn.events import Emit
from charrnn.settings import ModelSettings, Request, TextSettings, TrainSettings, read
from charrnn.text.preparation import prepare
from charrnn.training.begin import begin
from charrnn.training.record import train
from charrnn.training.run import Plan, Run
from charrnn.training.saving import tensors_of

MODEL = ModelSettings(hidden_size=24, embedding_size=12, layers=2, dropout=0.1)
TEXT = TextSettings(split="80/10/10")


def make_run(
    home: Path,
    text: str,
    model: ModelSettings = MODEL,
    name: str = "run",
    step_seconds: float = 0.0,
    words: TextSettings = TEXT,
    **settings: Any,
) -> Run:
    """A run on the text, in a folder of that name."""
    (home / "text.txt").write_text(text, "utf-8")
    corpus = prepare(["text.txt"], words, None, lambda _: None)
    settings = {"batch_size": 8, "seq_length": 16, "device": "cpu", "precision": "fp32"} | settings
    folder = home / name
    folder.mkdir(exist_ok=True)
    plan = Plan(corpus, model, TrainSettings(**settings), words, folder)
    return Run(plan, step_seconds=step_seconds)


def resume(name: str, corpus: str | None = None, emit: Emit = lambda _: None, **train: Any) -> Run:
    """What `charrnn train CORPUS --resume --run NAME` begins with, given these settings."""
    settings = ModelSettings(), read(TrainSettings, train), TextSettings()
    return begin(Request(corpus, *settings, name, resuming=True), emit)


def events_of(run: Run, stop: Any = lambda: False) -> list[Any]:
    """Train it; what was reported."""
    events: list[Any] = []
    train(run, events.append, stop)
    return events


def stop_after(steps: int) -> Any:
    """A `stop` that asks after so many steps."""
    count = iter(range(10**9))
    return lambda: next(count) == steps


def arrays_of(run: Run) -> dict[str, Any]:
    """Every tensor that training changes, as a copy."""
    return {
        name: t.detach().float().numpy().copy() for name, t in tensors_of(run, run.state).items()
    }


@pytest.fixture
def two_threads():
    """torch with two threads, which the tests set to one."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
