"""Runs are found, locked and named; their metrics are read."""

import os
import shutil

import pytest

from charrnn import files
from charrnn.errors import CheckpointError, UsageError
from charrnn.events import Measured
from charrnn.storage.checkpoint import save_checkpoint
from charrnn.storage.metrics import kept_model, read_curves
from charrnn.storage.runs import (
    METRICS,
    MODEL,
    TRAINING,
    check_new,
    find,
    lock,
    new_folder,
    run_state,
)
from tests.cli.test_process import start_training
from tests.conftest import SMALL, damage, lines, tale
from tests.storage.test_checkpoint import checkpoint


def test_runs_are_found_by_name_folder_file_or_as_the_last(home):
    """The run of yesterday sampled in place of today's."""
    with pytest.raises(CheckpointError, match="nothing has been trained"):
        find(None)
    for number, name in enumerate(["zeta", "alpha"]):
        folder, _ = new_folder(name, "text")
        save_checkpoint(folder / MODEL, checkpoint(run=name))
        os.utime(folder / MODEL, (number, number))
    last = files.checkpoints() / "alpha" / MODEL
    assert find(None) == last
    for name in ("alpha", str(last.parent), str(last)):
        assert find(name) == last
    with pytest.raises(CheckpointError) as error:
        find("omega")
    assert "zeta, alpha" in error.value.hint
    with pytest.raises(CheckpointError) as error:
        find("alpah")
    assert error.value.hint == "Did you mean alpha? Runs here: zeta, alpha."


def test_a_text_in_place_of_a_run_is_named_so(home, charrnn):
    """'There is no run tale.txt', from which nobody sees that its run is called tale."""
    (home / "tale.txt").write_text("a tale")
    told = charrnn("sample", "tale.txt").err
    assert "tale.txt is a text, not a run" in told
    assert "charrnn train tale.txt" in told
    for name in ("tale", "talent", "tale-2"):
        folder, lock = new_folder(name, "text")
        save_checkpoint(folder / MODEL, checkpoint(run=name))
        lock.release()
    assert "Its run is tale-2." in charrnn("sample", "tale.txt").err
    model = files.checkpoints() / "tale" / MODEL
    with pytest.raises(CheckpointError, match="there is no run"):
        find(model, TRAINING)  # no text either


def test_a_run_never_takes_the_folder_of_another(home):
    """A checkpoint of hours overwritten by the next `train` of the same text."""
    assert new_folder(None, "text")[0].name == "text"
    assert new_folder(None, "text")[0].name == "text-2"
    (new_folder("mine", "text")[0] / TRAINING).touch()
    with pytest.raises(UsageError, match="already"):
        check_new("mine")
    for name in ("a/b", "..", "", "-x", "x" * 65):
        with pytest.raises(UsageError, match="cannot be the name"):
            check_new(name)


def test_a_run_that_is_being_trained_is_told_apart_from_one_without_a_model(home):
    """'Train it first' about a run that another terminal is training."""
    folder, held = new_folder("r", "text")
    assert run_state(folder) == "training"
    with pytest.raises(CheckpointError, match="being trained"):
        find("r")
    held.release()
    assert run_state(folder) == "no checkpoint"
    (folder / TRAINING).touch()
    assert run_state(folder) == "no model"
    with pytest.raises(CheckpointError, match="has no model yet"):
        find("r")
    (folder / MODEL).touch()
    assert run_state(folder) == "saved"
    (folder / TRAINING).unlink()
    assert run_state(folder) == "model only"
    with pytest.raises(CheckpointError, match="to resume from"):
        find("r", TRAINING)


def test_a_second_process_is_kept_out_until_the_first_is_dead(home, charrnn):
    """Two that overwrite each other's checkpoints; a lock that a dead process holds for ever."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    process = start_training(home, "tale.txt", "--steps", "100000", "--run", "r", *SMALL)
    for other in (("--resume",), ("tale.txt", "--run", "r")):
        refused = charrnn("train", *other)
        assert refused.code == 2
        assert "already" in refused.err
    process.kill()
    process.communicate()
    with lock(home / "checkpoints" / "r"), pytest.raises(UsageError, match="another process"):
        lock(home / "checkpoints" / "r")


def test_a_damaged_model_gives_way_to_the_version_before(copied_run, charrnn):
    """One flipped bit that speaks through every letter, or that takes the whole run with it."""
    damage(copied_run / MODEL)
    result = charrnn("sample", "tale", "--length", "20", "--seed", "1")
    assert (result.code, len(result.out)) == (0, 20)
    assert "damaged" in result.err
    assert "model.1.safetensors" in result.err
    score = charrnn("eval", "tale", "--json")
    assert score.code == 0
    assert lines(score.out)[0]["step"] < 150
    damage(copied_run / "model.1.safetensors")
    refused = charrnn("sample", "tale")
    assert (refused.code, refused.out) == (4, "")
    assert charrnn("sample", str(copied_run / MODEL)).code == 4  # that file was asked for


def test_the_curves_of_a_run_survive_a_kill_and_malformed_lines(home):
    """A chart that jumps back and forth; a line of metrics that ends the run, or a drawing."""
    rows = [(5, "3.0"), (10, "2.5"), (15, "2.2"), (10, "2.4"), (20, "Infinity"), (21, "1e308"),
            (30, "1.0")]  # fmt: skip
    form = '{"event": "stepped", "step": %d, "bits_per_character": %s, "elapsed": 7}\n'
    made = "".join(form % row for row in rows)
    (home / METRICS).write_text(f"[]\nnonsense\n{made}" + '{"event": "stepped"}\n{"eve')
    curve = read_curves(home, 25).training
    assert curve == [(5, 0.0, 7.0, 3.0, None), (10, 0.0, 7.0, 2.4, None)]
    assert read_curves(home / "nowhere", 25).training == []


def test_the_best_model_is_read_from_files_of_any_version():
    """The last validation, or that of a run that was resumed and got no better, as the best."""
    old = {"event": "evaluated", "step": 8, "loss": 1.5, "bits_per_character": 2.2, "best": True,
           "elapsed": 1.0, "epoch": 0.1}  # fmt: skip
    worse = old | {"step": 16, "bits_per_character": 2.3, "best": False}
    ended = {"event": "finished", "run": "r", "step": 16, "loss": 1.5, "bits_per_character": 2.2}
    best = kept_model([old, worse, ended], "character")
    assert best == Measured(8, "valid", "", 1.5, {"bits_per_character": 2.2})
    first = {"step": 0, "part": "valid", "protocol": "stream, bf16", "accuracy": 0.5}
    again = [old | first, worse, ended | {"steps": 16, "step": 0, "accuracy": 0.6, "seconds": 9.0}]
    assert kept_model(again[:2], "byte").record() == {
        **first, "loss": 1.5, "bits_per_byte": 2.2, "bits_per_character": 2.2,
    }  # fmt: skip
    assert kept_model(again, "character").scores == {"bits_per_character": 2.2, "accuracy": 0.6}
    for strange in {"step": -1}, {"loss": "x"}, {"step": None}, {"bits_per_character": None}:
        assert kept_model([old, old | strange], "character") == best


def test_metrics_say_when(trained):
    """A log that cannot be put beside another by the clock."""
    events = lines((trained / "checkpoints/tale/metrics.jsonl").read_text("utf-8"))
    times = [event["time"] for event in events]
    assert times == sorted(times)
    assert all(time.endswith("+00:00") for time in times)
    assert [e["event"] for e in events][:: len(events) - 1] == ["started", "finished"]


def test_a_run_copied_under_another_name_is_another_run(copied_run, charrnn):
    """A copy whose checkpoints are written over the original's."""
    shutil.copytree(copied_run, copied_run.parent / "copy", ignore=shutil.ignore_patterns(".lock"))
    before = (copied_run / TRAINING).read_bytes()
    assert charrnn("train", "--resume", "--run", "copy", "--steps", "152").code == 0
    assert (copied_run / TRAINING).read_bytes() == before
