"""Nothing is ever lost: damage, full disks, kills in the middle of a save, two runs at once."""

import errno
import os
import resource
import shutil
import signal

import pytest

from charrnn import runs, store
from charrnn.engine import start
from charrnn.engine.session import read_saved
from charrnn.engine.train import train
from charrnn.errors import UsageError, from_os
from charrnn.events import Evaluated, Finished, Noticed, Saved
from tests.conftest import SMALL, lines, tale
from tests.engine.test_train import session
from tests.test_faults import start_training


@pytest.fixture
def copy(trained, home):
    """The trained run, to be damaged: its folder."""
    shutil.copytree(trained / "corpora", home / "corpora")
    shutil.copytree(trained / "checkpoints", home / "checkpoints")
    return home / "checkpoints" / "tale"


def damage(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_damaged_model_gives_way_to_the_one_before(copy, charrnn):
    """One flipped bit that speaks through every letter, or that takes the whole run with it."""
    damage(copy / runs.MODEL)
    result = charrnn("sample", "tale", "--length", "20", "--seed", "1")
    assert (result.code, len(result.out)) == (0, 20)
    assert "damaged" in result.err
    assert "model.1.safetensors" in result.err
    scores = charrnn("eval", "tale", "--json")
    assert scores.code == 0
    assert lines(scores.out)[0]["step"] < 150
    damage(copy / "model.1.safetensors")
    refused = charrnn("sample", "tale")
    assert (refused.code, refused.out) == (4, "")
    assert charrnn("sample", str(copy / runs.MODEL)).code == 4  # that file was asked for


def test_a_damaged_training_state_gives_way_to_the_one_before(copy, charrnn):
    """A run of days that ends with the power cut in its last save."""
    damage(copy / runs.TRAINING)
    damage(copy / runs.MODEL)
    result = charrnn("train", "--resume")
    assert result.code == 0, result.err
    assert "training.1.safetensors" in result.err
    assert "goes on after step" in result.err
    assert charrnn("sample", "tale", "--length", "5").err == ""
    shutil.rmtree(copy.parent.parent / "corpora")
    refused = charrnn("train", "--resume", "--steps", "200")
    assert (refused.code, "is not here" in refused.err) == (3, True)


def test_a_second_process_is_kept_out_until_the_first_is_dead(home, charrnn):
    """Two that write each other's checkpoints over; a lock that a dead process holds for ever."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    process = start_training(home, "tale.txt", "--steps", "100000", "--run", "r", *SMALL)
    for other in (("--resume",), ("tale.txt", "--run", "r")):
        refused = charrnn("train", *other)
        assert refused.code == 2
        assert "already" in refused.err
    process.kill()
    process.communicate(timeout=60)
    with runs.lock(home / "checkpoints" / "r"), pytest.raises(UsageError, match="another process"):
        runs.lock(home / "checkpoints" / "r")


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
    made, said = session(home, tale(3000), steps=12, save_every=3), []
    calls = refusing(monkeypatch, name, at)
    train(made, said.append, lambda: False)
    monkeypatch.undo()
    assert isinstance(said[-1], Finished)
    assert len(calls) >= at
    told = [e.message for e in said if isinstance(e, Noticed)]
    assert all("No space left" in message and str(made.folder) in message for message in told)
    assert len(told) == (name != "link")  # where nothing can be linked, it is copied
    store.load_checkpoint(made.folder / runs.MODEL)
    assert read_saved(made.folder / runs.TRAINING)[0]["position"]["step"] == 12
    assert not list(made.folder.glob(".*.tmp"))


@pytest.mark.parametrize("size", [0, 1, 4096, 20_000])
def test_a_disk_that_takes_so_much_and_no_more(home, size):
    """What the kernel refuses in the middle of a write: at the end of the run that is an error."""
    made = session(home, tale(3000), steps=6, save_every=3)
    limits, said = resource.getrlimit(resource.RLIMIT_FSIZE), []

    def fill():
        if made.position.step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        return False

    try:
        with pytest.raises(OSError, match="File too large") as error:
            train(made, said.append, fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(made.folder) in from_os(error.value).message
    assert sum(isinstance(e, Noticed) for e in said) <= 1
    assert read_saved(made.folder / runs.TRAINING)[0]["position"]["step"] == 3
    store.load_checkpoint(made.folder / runs.MODEL)
    assert not list(made.folder.glob(".*.tmp"))


def test_a_folder_that_vanishes_is_made_again(home):
    """Hours of work that end when somebody tidies up; or that end without a model."""
    made, said = session(home, tale(3000), steps=60, save_every=10), []

    def tidy():
        if made.position.step == 45:
            assert any(isinstance(e, Evaluated) for e in said)
            shutil.rmtree(made.folder)
        return False

    start.run(made, said.append, tidy)
    assert [e.message for e in said if isinstance(e, Noticed)] == [
        f"{made.folder} has vanished: it is made anew."
    ]
    assert [e.step for e in said if isinstance(e, Saved)] == [10, 20, 30, 40, 50, 60]
    assert runs.history(made.folder, 60).training
    store.load_checkpoint(made.folder / runs.MODEL)
    with pytest.raises(UsageError, match="another process"):
        runs.lock(made.folder)


def test_a_run_that_went_on_with_the_one_before_does_not_keep_the_damaged_one(copy):
    """The damaged version that becomes the one before the next, and the good one that goes."""
    good = (copy / "training.1.safetensors").read_bytes()
    damage(copy / runs.TRAINING)
    start.resumed("tale", None, {}, lambda _: None)
    assert (copy / runs.TRAINING).read_bytes() == good


def test_an_impatient_second_signal_leaves_the_checkpoint_whole(home):
    """Ctrl-C, Ctrl-C: a traceback, or a file of which half is there."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    args = ("tale.txt", "--steps", "100000", "--save-every", "1", "--run", "r", *SMALL)
    process = start_training(home, *args, until="saved")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert err == ""
    read_saved(home / "checkpoints" / "r" / runs.TRAINING)


def test_a_run_goes_on_to_another_length_when_asked_and_only_then(copy, charrnn):
    """A change of --steps that is silently ignored, or a finished run that is good for nothing."""
    assert "For more give it" in charrnn("train", "--resume").err
    refused = charrnn("train", "--resume", "--steps", "100")
    assert refused.code == 2
    assert "150 steps already" in refused.err
    result = charrnn("train", "--resume", "--steps", "180")
    assert result.code == 0, result.err
    assert "goes on after step 150 of 180, no longer of 150" in result.err
    assert read_saved(copy / runs.TRAINING)[0]["position"]["step"] == 180
    events = lines((copy / runs.METRICS).read_text("utf-8"))
    assert [e["step"] for e in events if e["event"] == "started"] == [0, 150]
    refused = charrnn("train", "--resume", "--time", "0.001s")
    assert refused.code == 2


def test_the_curves_of_a_run_survive_a_kill_and_odd_lines(home):
    """A chart that jumps back and forth, or a line of metrics that ends the run."""
    rows = [(5, "3.0"), (10, "2.5"), (15, "2.2"), (10, "2.4"), (20, "Infinity"), (30, "1.0")]
    form = '{"event": "stepped", "step": %d, "bits_per_character": %s, "elapsed": 7}\n'
    made = "".join(form % row for row in rows)
    (home / runs.METRICS).write_text(f"[]\nnonsense\n{made}" + '{"event": "stepped"}\n{"eve')
    assert runs.history(home, 25).training == [(5, 7.0, 3.0, None), (10, 7.0, 2.4, None)]
    assert runs.history(home / "nowhere", 25).training == []
