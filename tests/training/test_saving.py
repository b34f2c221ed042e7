"""Nothing is ever lost: full disks, deleted folders, kills, and another length."""

import errno
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from charrnn.errors import CharRNNError, from_os
from charrnn.events import Evaluated, Finished, Noticed, Saved
from charrnn.settings import ModelSettings
from charrnn.storage.checkpoint import load_checkpoint
from charrnn.storage.metrics import read_curves
from charrnn.storage.runs import METRICS, MODEL, TRAINING, is_locked
from charrnn.training.record import train, train_and_record
from charrnn.training.saving import read_training
from tests.conftest import damage, lines, tale
from tests.training.conftest import events_of, make_run, resume


def refusing(monkeypatch, name, at):
    """The `at`-th call of a function of the operating system finds the disk full."""
    real, calls = getattr(os, name), []

    def refuse(*given, **named):
        calls.append(given)
        if len(calls) == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*given, **named)

    monkeypatch.setattr(os, name, refuse)
    return calls


@pytest.mark.parametrize("name", ["fsync", "replace", "link"])
@pytest.mark.parametrize("at", [3, 4, 5, 6, 7])
def test_a_full_disk_stops_nothing_and_damages_nothing(home, monkeypatch, name, at):
    """The good checkpoint that is written over with half of a new one; a run that gives up."""
    run, events = make_run(home, tale(3000), steps=12, save_every=3), []
    calls = refusing(monkeypatch, name, at)
    train(run, events.append, lambda: False)
    monkeypatch.undo()
    assert isinstance(events[-1], Finished)
    assert len(calls) >= at
    notices = [e.message for e in events if isinstance(e, Noticed)]
    assert all(
        "No space left" in message and str(run.plan.folder) in message for message in notices
    )
    assert len(notices) == (name != "link")  # where nothing can be linked, it is copied
    load_checkpoint(run.plan.folder / MODEL)
    assert read_training(run.plan.folder / TRAINING)[0]["progress"]["step"] == 12
    assert not list(run.plan.folder.glob(".*.tmp"))


@pytest.mark.parametrize("size", [0, 1, 4096, 20_000])
def test_a_disk_that_is_full_at_the_end_is_an_error(home, size):
    """A run that ends as if everything had been saved."""
    resource = pytest.importorskip("resource")
    run = make_run(home, tale(3000), steps=6, save_every=3)
    limits, events = resource.getrlimit(resource.RLIMIT_FSIZE), []

    def fill():
        if run.step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        return False

    try:
        with pytest.raises(OSError, match="File too large") as error:
            train(run, events.append, fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(run.plan.folder) in from_os(error.value).message
    assert sum(isinstance(e, Noticed) for e in events) <= 1
    assert read_training(run.plan.folder / TRAINING)[0]["progress"]["step"] == 3
    load_checkpoint(run.plan.folder / MODEL)
    assert not list(run.plan.folder.glob(".*.tmp"))


def test_a_folder_that_is_deleted_is_created_again(home):
    """Hours of work that end when somebody tidies up; or that end without a model."""
    run, events, locked = make_run(home, tale(3000), steps=60, save_every=10), [], []

    def tidy_up():
        if run.step == 55:
            locked.append(is_locked(run.plan.folder))
        if run.step == 45:
            assert any(isinstance(e, Evaluated) for e in events)
            shutil.rmtree(run.plan.folder)
        return False

    train_and_record(run, events.append, tidy_up)
    deleted, repeat = [e.message for e in events if isinstance(e, Noticed)]
    assert deleted == f"{run.plan.folder} was deleted: it is created again."
    assert "--steps 60" in repeat
    assert [e.step for e in events if isinstance(e, Saved)] == [10, 20, 30, 40, 50, 60]
    assert read_curves(run.plan.folder).training
    load_checkpoint(run.plan.folder / MODEL)
    assert locked == [True]


def test_a_damaged_training_state_gives_way_to_the_version_before(copied_run, charrnn):
    """A run of days that ends with the power cut in its last save."""
    good = (copied_run / "training.1.safetensors").read_bytes()
    damage(copied_run / TRAINING)
    damage(copied_run / MODEL)
    events = []
    run = resume("tale", emit=events.append)
    assert any("training.1.safetensors" in str(e) for e in events)
    assert (copied_run / TRAINING).read_bytes() == good, "the damaged version is not kept"
    run.lock.release()
    result = charrnn("train", "--resume")
    assert result.code == 0, result.err
    assert "Resuming run tale at step" in result.err
    assert charrnn("sample", "tale", "--length", "5").err == ""
    shutil.rmtree(copied_run.parent.parent / "corpora")
    missing = charrnn("train", "--resume", "--steps", "200")
    assert (missing.code, "is not here" in missing.err) == (3, True)


def test_a_run_gets_another_length_when_asked_and_only_then(copied_run, charrnn):
    """A change of --steps that is silently ignored, or a finished run that is good for nothing."""
    assert "To train it further" in charrnn("train", "--resume").err
    shorter = charrnn("train", "--resume", "--steps", "100")
    assert shorter.code == 2
    assert "already taken 150 steps" in shorter.err
    result = charrnn("train", "--resume", "--steps", "180")
    assert result.code == 0, result.err
    assert "at step 150 of 180. It ended at step 150 before." in result.err
    assert read_training(copied_run / TRAINING)[0]["progress"]["step"] == 180
    events = lines((copied_run / METRICS).read_text("utf-8"))
    assert [e["step"] for e in events if e["event"] == "started"] == [0, 150]
    assert charrnn("train", "--resume", "--time", "0.001s").code == 2


def test_a_resumed_run_may_change_device_precision_and_versions_only(copied_run, charrnn):
    """A run that cannot move to another machine; or that silently becomes another run."""
    flags = ("--device", "cpu", "--precision", "bf16", "--keep", "3")
    result = charrnn("train", "--resume", "--steps", "160", "--dropout", "0.2")
    assert result.code == 2
    assert "--dropout" in result.err
    result = charrnn("train", "--resume", "--steps", "160", *flags)
    assert result.code == 0, result.err
    assert "bf16" in result.err
    data, _ = read_training(copied_run / TRAINING)
    assert (data["train"]["precision"], data["train"]["keep"]) == ("bf16", 3)
    assert (copied_run / "training.2.safetensors").exists()


@contextmanager
def little_memory(megabytes):
    """A block in which so much more memory can be had."""
    import resource

    used = int(Path("/proc/self/statm").read_text("utf-8").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (megabytes << 20), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no such limit elsewhere")
@pytest.mark.parametrize("what", ["step", "save"])
def test_memory_that_runs_out_is_a_sentence(home, what):
    """A traceback of torch, or a process that its library ends in the middle of a save."""
    size = {"step": 256, "save": 900}[what]
    model = ModelSettings(hidden_size=size, layers=1, embedding_size=16)
    batch = {"batch_size": 128, "seq_length": 64} if what == "step" else {}
    run = make_run(home, tale(40_000), model, steps=1, optimizer="sgd", **batch)
    with little_memory(40), pytest.raises(CharRNNError, match="memory ran out") as raised:
        events_of(run)
    assert "--batch-size" in raised.value.hint
