"""Corpora of examples, and runs on them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charrnn.engine.module import AnyModule, module_of
from charrnn.settings import ModelSettings, TaskName, TextSettings, TrainSettings
from charrnn.storage.checkpoint import Checkpoint
from charrnn.tasks import example_format, task_of
from charrnn.tasks.example_task import ExampleTask
from charrnn.text.example_corpus import ExampleCorpus
from charrnn.text.example_files import prepare_examples
from tests.random_models import random_weights
from tests.tasks.examples import PAIRS

SIZES = {"hidden_size": 16, "embedding_size": 8, "layers": 2, "dropout": 0.0}


def prepared(path: Path, text: str, task: TaskName = "label", **settings: Any) -> ExampleCorpus:
    """A corpus of the examples in this text, which is written to a file."""
    path.write_text(text, "utf-8")
    fmt = example_format(task, TextSettings(**settings))
    assert fmt
    corpus = prepare_examples(fmt, path, None, lambda _: None)
    assert isinstance(corpus, ExampleCorpus)
    return corpus


def corpus_for(pair: str, home: Path, count: int = 400, **settings: Any) -> ExampleCorpus:
    """A prepared corpus of so many examples for a pair of PAIRS."""
    task, asked, write, own = PAIRS[pair]
    settings = {"split": "80/10/10", "input": asked, **own, **settings}
    return prepared(home / f"{pair}.tsv", write(home, count), task, **settings)


def model_settings(pair: str, **changes: Any) -> ModelSettings:
    """A small network for a pair."""
    return ModelSettings(**{"task": PAIRS[pair].task, **SIZES, **changes})


def task_on(corpus: ExampleCorpus, **settings: Any) -> ExampleTask:
    """The task of a corpus, for a small network."""
    model = ModelSettings(**{"task": corpus.task, **SIZES, **settings})
    task = task_of(model, corpus)
    assert isinstance(task, ExampleTask)
    return task


def randomized(task: ExampleTask, seed: int = 3, scale: float = 0.3) -> AnyModule:
    """The task's network in torch, of weights that no network begins with."""
    module = module_of(task, task.model)
    module.load(random_weights(task.parameters(task.model), seed, scale))
    return module


def checkpoint_of(task: ExampleTask, module: AnyModule) -> Checkpoint:
    """A checkpoint of a network that has not been trained."""
    corpus = task.corpus
    return Checkpoint(
        "run", module.settings, TrainSettings(), corpus.text, corpus.name, corpus.key,
        tokenizer=corpus.tokenizer, step=0, loss=None, weights=module.export(),
        target_vocabulary=corpus.target_vocabulary, input_shape=corpus.input_shape,
        input_scale=corpus.input_scale,
    )  # fmt: skip


def examples_of(corpus: ExampleCorpus, part: Any) -> tuple[list[Any], list[Any]]:
    """The inputs of the examples of a part, and their targets."""
    examples = corpus.examples(part)
    return [corpus.ids(n) for n in examples], [corpus.targets_of(n) for n in examples]


@pytest.fixture
def corpus(home: Path) -> ExampleCorpus:
    """A prepared corpus of words with labels."""
    return corpus_for("label", home)


@pytest.fixture(params=PAIRS)
def pair(request: Any) -> str:
    """Each output with each input that makes sense with it."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: Any) -> Callable[[str, int], Path]:
    """A folder for each pair, made once, with its examples."""
    folders: dict[tuple[str, int], Path] = {}

    def folder(pair: str, count: int) -> Path:
        if (pair, count) not in folders:
            path = folders[pair, count] = tmp_path_factory.mktemp(pair)
            (path / "examples.tsv").write_text(PAIRS[pair].write(path, count), "utf-8")
        return folders[pair, count]

    return folder


def indices(corpus: ExampleCorpus, part: Any = "train") -> Any:
    """The indices of the examples of a part."""
    return np.array(corpus.examples(part))
