"""Several processes that train one run: their arithmetic, what they agree on, the command."""

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch

from charrnn.engine.module import module_of
from charrnn.engine.ranks import ALONE, Ranks
from charrnn.errors import UsageError
from charrnn.evaluation.loss import evaluate
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from charrnn.tasks import example_format, task_of
from charrnn.tasks.outputs.label_scores import LabelScore
from charrnn.text.example_files import prepare_examples
from charrnn.text.preparation import prepare
from charrnn.training.loop import training_step
from charrnn.training.run import Plan, Run
from charrnn.training.saving import read_training, restore
from charrnn.training.validation import score_task
from tests.conftest import SMALL, tale
from tests.tasks.examples import labelled

ROOT = Path(__file__).parents[2]
STEPS = 100
MODEL = ModelSettings(hidden_size=16, embedding_size=8, layers=2, dropout=0.2)
SETTINGS = TrainSettings(
    steps=2 * STEPS, batch_size=9, seq_length=12, accumulate=2, device="cpu", precision="fp32"
)


def run_in(
    folder: Path, name: str, ranks: Ranks = ALONE, settings: TrainSettings = SETTINGS
) -> Run:
    """A run in the folder, of a text that lies beside it. 9 sequences are not split evenly."""
    os.environ["CHARRNN_HOME"] = str(folder)
    corpus = prepare([folder / "tale.txt"], TextSettings(), None, lambda _: None)
    (folder / name).mkdir(exist_ok=True)
    return Run(Plan(corpus, MODEL, settings, corpus.text, folder / name, ranks))


def scores(run: Run) -> dict[str, Any]:
    """What a run's ranks make of texts and examples that are not split evenly among them."""
    tokens = run.plan.corpus.part("train")[:3500]  # a stream of 3 sequences, or 35 cold windows
    losses = [
        evaluate(run.ema.model, tokens, run.plan.corpus.tokenizer, context, ranks=run.plan.ranks)
        for context in (None, 100)
    ]
    torch.manual_seed(1)
    model, text = ModelSettings(task="label", hidden_size=8), TextSettings(split="80/10/10")
    path = run.plan.folder.parent / "label.tsv"
    corpus = prepare_examples(example_format("label", text), path, None, lambda _: None)
    task = task_of(model, corpus)
    score = score_task(task, module_of(task, model), 10**6, bf16=False, ranks=run.plan.ranks)
    assert isinstance(score, LabelScore)
    return {
        "losses": [loss.loss for loss in losses],
        "example loss": score.loss,
        "confusion": score.confusion.tolist(),
    }


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which two ranks have trained, and written down what they saw."""
    folder = tmp_path_factory.mktemp("together")
    (folder / "tale.txt").write_text(tale(30_000), "utf-8")
    (folder / "label.tsv").write_text(labelled(90), "utf-8")  # nine of them for validation
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [sys.executable, *torchrun, "-m", "tests.training.two_ranks", str(folder)]
    ended = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture
def seen(together, monkeypatch):
    """What the two ranks saw."""
    monkeypatch.setenv("CHARRNN_HOME", str(together))  # restored afterwards
    return [json.loads((together / f"rank-{rank}.json").read_text()) for rank in (0, 1)]


def test_two_ranks_train_as_one_process_does(together, seen):
    """A mean of unequal parts, dropout drawn for a part alone, a rank that reads another's text.

    A score in which a sequence or an example counts twice, or not at all.
    """
    run = run_in(together, "alone")
    losses = [training_step(run).item() for _ in range(STEPS)]
    assert [rank["part"] for rank in seen] == [[0, 4], [4, 9]]
    for rank in seen:
        assert rank["losses"] == pytest.approx(losses, abs=1e-5)
    expected = scores(run)
    for rank in seen:
        assert rank["scores"] == seen[0]["scores"]
        assert rank["scores"]["losses"] == pytest.approx(expected["losses"], abs=1e-5)
        assert rank["scores"]["example loss"] == pytest.approx(expected["example loss"], abs=1e-5)
        assert rank["scores"]["confusion"] == expected["confusion"]
        assert sum(map(sum, expected["confusion"])) == 9


def test_all_ranks_hold_the_same_weights(seen):
    """Weights that drift apart, because a decision or a sum differs."""
    assert seen[0]["weights"] == seen[1]["weights"]


def test_what_two_ranks_saved_one_process_resumes(together, seen):
    """A saved state of one rank's sequences; another position in the text."""
    run = run_in(together, "resumed")
    restore(run, *read_training(together / "rank-0" / "training.safetensors"))
    assert run.step == STEPS
    following = [training_step(run).item() for _ in range(20)]
    assert following == pytest.approx(seen[0]["following"], abs=1e-5)
    assert not (together / "rank-1" / "training.safetensors").exists()


def test_ranks_decide_as_one(seen):
    """A rank that stops by its own clock or signal, while others wait for it for ever."""
    first, second = seen
    assert first["clock"] == second["clock"]
    assert first["stopped"] == second["stopped"] == [False, True]
    assert first["told"] == second["told"] == "by rank 0"
    assert sorted([first["said"], second["said"]]) == [False, True]


def test_a_disk_that_refuses_keeps_no_rank_waiting(seen):
    """A rank that gives up a save in which the others are waiting for it."""
    for rank in seen:
        assert rank["finished"] == 30
    assert [message[:9] for message in seen[0]["noticed"]] == ["Not saved"]
    assert seen[0]["saved"][-1] == 30
    assert seen[1]["saved"] == []  # it writes nothing


def test_no_rank_ends_in_the_middle_of_an_exchange(together, seen):
    """Threads of gloo that abort now and then a process that has finished, or has failed."""
    assert [(together / f"end-{rank}").read_text() for rank in (0, 1)] == ["False"] * 2


def test_more_processes_than_sequences_is_an_error(together, seen):
    """A rank without sequences, whose mean is not a number."""
    with pytest.raises(UsageError, match="9 sequences cannot be split among 10"):
        run_in(together, "many", Ranks(0, 10))


def test_a_silent_store_is_noticed():
    """Processes that wait for ever for a first one that is stopped but not killed."""

    class Silent:
        def add(self, _key: str, _amount: int) -> int:
            return int(Event().wait())

    ranks = Ranks(1, 2, store=Silent())
    with pytest.raises(RuntimeError, match="no answer"):
        ranks._ask(lambda: ranks._store.add("key", 1), 0.05)


def test_only_train_trains_in_several_processes(home, charrnn, monkeypatch):
    """A sweep that every process of torchrun trains by itself, in the same folder."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "TORCHELASTIC_RUN_ID": "x"}.items():
        monkeypatch.setenv(name, value)
    done = charrnn("sweep", "tale.txt", "--cells", "lstm,gru", "--steps", "2", *SMALL)
    assert done.code == 2
    assert "torchrun has started several processes" in done.err
