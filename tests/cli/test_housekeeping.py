"""charrnn runs and charrnn corpora: lists, and what changes them."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from charrnn.storage.runs import lock
from tests.conftest import call_charrnn, lines


@pytest.fixture
def charrnn(copied_run):
    """Run the command where a copy of `tale` is."""
    return lambda *args: call_charrnn(copied_run.parent.parent, *args)


def test_runs_are_listed_with_their_size_and_age(charrnn):
    """A disk that fills, and nobody sees with what."""
    (run,) = lines(charrnn("runs", "--json").out)
    assert (run["run"], run["state"]) == ("tale", "finished")
    assert run["bytes_on_disk"] > 10_000
    assert datetime.fromisoformat(run["changed"]) <= datetime.now(UTC)
    assert "MB" in charrnn("runs").out


def test_a_run_is_renamed_and_goes_on(charrnn, copied_run):
    """A run whose file still has the old name, and says so."""
    assert charrnn("runs", "rename", "tale", "story").code == 0
    assert not copied_run.exists()
    assert json.loads(charrnn("inspect", "story", "--json").out)["run"] == "story"
    assert charrnn("sample", "story", "-n", "5").code == 0
    assert charrnn("runs", "rename", "story", "a/b").code == 2
    (copied_run.parent / "other").mkdir()
    assert charrnn("runs", "rename", "story", "other").code == 2
    assert "Did you mean story?" in charrnn("runs", "rename", "stroy", "x").err


def test_a_finished_run_is_pruned(charrnn, copied_run):
    """The model gone with the rest; a run that was to be resumed."""
    assert charrnn("runs", "prune").code == 2, "there is no terminal to ask on"
    metrics = (copied_run / "metrics.jsonl").read_text()
    (copied_run / "metrics.jsonl").write_text("")
    refused = charrnn("runs", "prune", "tale", "--yes")
    assert refused.code == 2
    assert "not finished" in refused.err
    assert (copied_run / "training.safetensors").exists()
    (copied_run / "metrics.jsonl").write_text(metrics)
    assert charrnn("runs", "prune", "--yes").code == 0
    names = {path.name for path in copied_run.iterdir()} - {".lock"}
    assert names == {"model.safetensors", "metrics.jsonl"}
    assert charrnn("sample", "tale", "-n", "5").code == 0
    assert charrnn("runs", "prune", "tale", "--yes").code == 0, "a second time"


def test_a_run_is_removed_unless_it_is_being_trained(charrnn, copied_run):
    """A run that vanishes while it learns."""
    assert charrnn("runs", "rm", "tale").code == 2
    held = lock(copied_run)
    assert charrnn("runs", "rm", "tale", "--yes").code == 2
    held.release()
    assert copied_run.exists()
    assert charrnn("runs", "rm", "tale", "--yes").code == 0
    assert list(copied_run.parent.iterdir()) == []
    assert charrnn("runs", "rm", "tale", "--yes").code == 4


def test_nothing_is_removed_if_something_cannot_be(charrnn, copied_run):
    """Half of the names removed; a link's target gone, or its name; a leftover that counts."""
    root = copied_run.parent
    shutil.copytree(copied_run, root / "live")
    held = lock(root / "live")
    assert charrnn("runs", "rm", "tale", "live", "--yes").code == 2
    assert copied_run.exists()
    held.release()
    outside = root.parent / "outside"
    shutil.move(root / "live", outside)
    (root / "linked").symlink_to(outside)
    (root / ".tale.123.tmp").mkdir()
    shutil.copy(copied_run / "model.safetensors", root / ".tale.123.tmp")
    assert {run["run"] for run in lines(charrnn("runs", "--json").out)} == {"tale", "linked"}
    assert charrnn("runs", "rm", "linked", "tale", "tale", "--yes").code == 0
    assert (outside / "model.safetensors").exists()
    assert charrnn("runs", "--json").out == ""


def test_corpora_are_listed_and_removed(charrnn, copied_run):
    """A list without licences; a corpus that cannot be got rid of."""
    found = {entry["corpus"]: entry for entry in lines(charrnn("corpora", "--json").out)}
    assert (found["tale"]["kind"], found["text8"]["kind"]) == ("prepared", "catalog")
    assert found["tale"]["tokens"] > 10_000
    assert found["text8"]["licence"]
    assert found["brackets"]["true_bits_per_character"] == 1.25
    assert "entropy" in charrnn("corpora").out
    assert charrnn("corpora", "rm", "tale").code == 2
    assert charrnn("corpora", "rm", "tale", "--yes").code == 0
    assert not list((copied_run.parent.parent / "corpora").glob("tale-*"))
    assert charrnn("corpora", "rm", "tale", "--yes").code == 3


def test_a_corpus_that_runs_need_is_named_and_kept_while_one_is_trained(charrnn, copied_run):
    """A run that cannot go on, because a corpus that looked unused is gone."""
    (corpus,) = (copied_run.parent.parent / "corpora").glob("tale-*")
    asked = charrnn("corpora", "rm", "tale")
    assert "Not to be trained any further: tale." in asked.err
    held = lock(copied_run)
    for state in ("saved", "without a checkpoint"):
        refused = charrnn("corpora", "remove", "tale", "--yes")
        assert (refused.code, "run tale is being trained on tale" in refused.err) == (2, True), (
            state
        )
        for path in copied_run.glob("*.safetensors"):
            path.unlink()
    held.release()
    assert corpus.exists()
    (corpus / "tokens.bin").write_bytes(b"")  # damaged, it can be removed nevertheless
    assert charrnn("corpora", "rm", "tale", "--yes").code == 0


@pytest.mark.parametrize("command", ["runs rm --yes", "sample", "runs rename tale"])
def test_a_name_that_is_too_long_is_not_repeated_whole(charrnn, command):
    """A screen full of one letter; a name that the file system refuses."""
    told = charrnn(*command.split(), "a" * 5000)
    assert told.code in (2, 4)
    assert "run" in told.err
    assert len(told.err) < 400


def test_a_text_is_made_without_being_prepared(charrnn, copied_run):
    """A text that can be had only by training on it."""
    made = charrnn("corpora", "get", "arithmetic", "--quiet")
    assert made.code == 0, made.err
    home = copied_run.parent.parent
    assert "=" in (home / made.out.strip()).read_text()
    assert charrnn("corpora", "get", "tale").code == 2
