"""What goes wrong: bad input, signals, kills, damage, and readers that leave."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save

from charrnn.sealed import metadata, seal, unseal
from tests.conftest import SMALL, lines, run_charrnn, tale


@pytest.mark.parametrize(
    ("args", "reader", "read"),
    [("sample --length 10000000", "head -c 100", 100), ("train --help", "true", 0)],
)
def test_a_closed_pipe_ends_the_text_in_silence(trained, args, reader, read):
    """BrokenPipeError on the screen of everyone who types `| head`, or an exit code of 1."""
    command = f"{shlex.quote(sys.executable)} -m charrnn {args} | {reader}"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=trained,
                          capture_output=True, timeout=60, check=False)  # fmt: skip
    assert len(done.stdout) == read
    assert done.stderr == b""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("args", "stdin", "code", "said"),
    [
        (["train"], b"", 2, ["no text", "charrnn train python"]),
        (["train", "nix.txt"], b"", 3, ["nix.txt", "shakespeare"]),
        (["train", "empty.txt"], b"", 3, ["nothing in empty.txt"]),
        (["train", "one.txt"], b"", 3, ["one token"]),
        (["train", "binary"], b"", 3, ["binary", "--tokens byte"]),
        (["train", "latin.txt"], b"", 3, ["byte 4", "0xe9", "--encoding"]),
        (["train", "tale.txt", "--width", "0"], b"", 2, ["--width", "--help"]),
        (["train", "tale.txt", "--widht", "1"], b"", 2, ["--width"]),
        (["train", "tale.txt", "--cell", "lsmt"], b"", 2, ["lsmt", "gru"]),
        (["train", "tale.txt", "--split", "9"], b"", 2, ["split"]),
        (["train", "tale.txt", "--steps", "5", "--epochs", "1"], b"", 2, ["one length"]),
        (["train", "tale.txt", "--run", "../x"], b"", 2, ["no name"]),
        (["train", "tale.txt", "--encoding", "utf-99"], b"", 2, ["utf-99"]),
        (["train", "."], b"", 3, ["folder"]),
        (["train", "--resume"], b"", 4, ["nothing has been trained"]),
        (["prepare", "nix.txt"], b"", 3, ["nix.txt"]),
        (["prepare", "-"], b"", 3, ["nothing in stdin"]),
        (["prepare"], b"", 2, ["sources", "--help"]),
        (["sample"], b"", 4, ["nothing has been trained"]),
        (["sample", "--temp", "-1"], b"", 2, ["--temp", "-1"]),
        (["sample", "--temp", "warm"], b"", 2, ["--temp"]),
        (["sample", "tale.txt"], b"", 4, ["no charrnn checkpoint"]),
        (["eval", "nix"], b"", 4, ["no run nix", "No runs here"]),
        (["eval", "--encoding", "utf-99"], b"", 2, ["utf-99"]),
        (["smple"], b"", 2, ["sample"]),
    ],
)
def test_bad_input_gets_a_sentence_a_next_step_and_leaves_nothing(
    home, charrnn, args, stdin, code, said
):
    """A traceback, a wrong exit code, a stray folder."""
    (home / "empty.txt").touch()
    (home / "one.txt").write_text("x")
    (home / "binary").write_bytes(bytes(range(256)) * 4)
    (home / "latin.txt").write_bytes("le café".replace("le ", "l").encode("latin-1"))
    (home / "tale.txt").write_text(tale(500), "utf-8")
    before = sorted(home.iterdir())
    result = charrnn(*args, stdin=stdin)
    assert result.code == code, result.err
    assert result.out == ""
    assert result.err.startswith("charrnn: error: ")
    assert "Traceback" not in result.err
    assert 2 <= len(result.err.splitlines()) <= 3
    for word in said:
        assert word in result.err
    assert sorted(home.rglob("*")) == before


def test_a_checkpoint_that_is_none_is_refused(home, charrnn):
    """Someone else's file that ends in a traceback, or worse in a run."""
    (home / "x.safetensors").write_bytes(b"\x80\x04not a model at all")
    result = charrnn("sample", "x.safetensors")
    assert result.code == 4
    assert "no charrnn checkpoint" in result.err


def test_no_permission_is_one_sentence(home, charrnn):
    """An OSError as a traceback. A file where the folder should be stops root, too."""
    (home / "tale.txt").write_text(tale(500), "utf-8")
    (home / "corpora").write_text("in the way")
    result = charrnn("train", "tale.txt", "--steps", "1", *SMALL)
    assert result.code == 1
    assert result.err.startswith("charrnn: error: ")
    assert "corpora" in result.err


def start_training(home, *args, until="stepped"):
    """A training process that has just reported such an event."""
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "train", *args, "--json"], cwd=home,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stdout:
        if json.loads(line)["event"] == until:
            return process
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_saves_and_resume_goes_on(home, charrnn, number, code):
    """Hours lost to Ctrl-C; a resume that starts anew."""
    (home / "tale.txt").write_text(tale(5000), "utf-8")
    process = start_training(home, "tale.txt", "--steps", "100000", "--run", "r", *SMALL)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert err == ""
    last = lines(out)[-1]
    assert last["event"] == "finished"
    assert last["interrupted"] is True
    step = last["step"]
    assert charrnn("sample", "r", "--length", "5").code == 0
    refused = charrnn("train", "--resume", "--width", "33")
    assert refused.code == 2
    assert "--width 32" in refused.err
    process = start_training(home, "--resume")
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert lines(out)[-1]["step"] > step
    metrics = lines((home / "checkpoints" / "r" / "metrics.jsonl").read_text("utf-8"))
    assert [m["step"] for m in metrics if m["event"] == "started"] == [0, step]


def test_resuming_a_finished_run_says_so(home, charrnn):
    """A finished run trained on at a rate of nothing."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    charrnn("train", "tale.txt", "--steps", "3", *SMALL)
    before = (home / "checkpoints/tale/model.safetensors").read_bytes()
    result = charrnn("train", "--resume")
    assert result.code == 0
    assert "finished" in result.err
    assert (home / "checkpoints/tale/model.safetensors").read_bytes() == before


def test_a_reader_that_leaves_does_not_stop_training(home):
    """`charrnn train --json | head -1` that loses the run."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    words = [sys.executable, "-m", "charrnn", "train", "tale.txt", "--steps", "8", "--json", *SMALL]
    command = f"{shlex.join(words)} | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=home, check=False,
                          capture_output=True, timeout=60, env=os.environ)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (home / "checkpoints/tale/model.safetensors").exists()


def test_a_killed_run_goes_on_as_the_run_that_was_not(home):
    """SIGKILL: what is on disk is all there is, and it has to be enough."""
    (home / "tale.txt").write_text(tale(4000), "utf-8")
    args = ("tale.txt", "--steps", "400", "--save-every", "20", *SMALL)
    run_charrnn(home, "train", *args, "--run", "r")
    (home / "checkpoints" / "r").rename(home / "whole")
    process = start_training(home, *args, "--run", "r", until="saved")
    process.kill()
    process.communicate(timeout=60)
    result = run_charrnn(home, "train", "--resume", "--run", "r")
    assert result.code == 0, result.err
    for name in ("model.safetensors", "training.safetensors"):
        found, expected = ((home / f / name) for f in ("checkpoints/r", "whole"))
        found, expected = load_file(found), load_file(expected)
        assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_a_run_that_died_before_it_saved_does_not_block_its_name(home, charrnn):
    """'There is a run r already' from one command, 'there is no run r' from the other."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    (home / "checkpoints" / "r").mkdir(parents=True)
    (home / "checkpoints" / "r" / "metrics.jsonl").write_text('{"event": "star')
    assert charrnn("train", "tale.txt", "--steps", "2", "--run", "r", *SMALL).code == 0
    first, *rest = (home / "checkpoints/r/metrics.jsonl").read_text("utf-8").splitlines()
    assert first == '{"event": "star'
    assert json.loads(rest[0])["event"] == "started"


@pytest.mark.parametrize(
    "change",
    [
        {"position": {}}, {"position": None}, {"lanes": [1]}, {"lanes": [0, 10**9]}, {"corpus": {}},
        {"model": None}, {"train": {"rate": -1}}, {"text": 5}, {"format": 9},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_training_state_is_refused(trained, home, charrnn, change):
    """A run that goes on as something else, or a traceback."""
    shutil.copytree(trained / "corpora", home / "corpora")
    shutil.copytree(trained / "checkpoints", home / "checkpoints")
    path = home / "checkpoints" / "tale" / "training.safetensors"
    path.with_name("training.1.safetensors").unlink()
    said = metadata({**unseal(path), **change})
    if "format" in change:
        said = {key: value.replace('"format": 2', '"format": 9') for key, value in said.items()}
    path.write_bytes(seal(save(load_file(path), said)))
    result = charrnn("train", "--resume")
    assert result.code == 4, result.err
    assert "cannot be gone on with" in result.err


@pytest.mark.parametrize("streams", ["2>&1 | head -1", "2>/dev/full", "2>&-", "--json >/dev/full"])
def test_nobody_watching_is_no_reason_to_stop(home, streams):
    """A run lost because the terminal, the log or its disk went away."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    words = [sys.executable, "-m", "charrnn", "train", "tale.txt", "--steps", "8", *SMALL]
    done = subprocess.run(["bash", "-c", f"{shlex.join(words)} {streams}"], cwd=home, check=False,
                          capture_output=True, timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (home / "checkpoints/tale/model.safetensors").exists()


def test_nothing_of_others_is_deleted_or_written_over(home, charrnn):
    """A failed run that takes somebody's notes, or an imported model, with it."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    for name in ("notes.txt", "model.safetensors"):
        folder = home / "checkpoints" / name.split(".")[0]
        folder.mkdir(parents=True)
        (folder / name).write_text("mine")
        result = charrnn("train", "tale.txt", "--steps", "2", "--run", folder.name, *SMALL)
        assert result.code == 2
        assert (folder / name).read_text() == "mine"


def test_a_diverged_model_says_so(home, charrnn):
    """Pages of the last letter of the alphabet, and warnings with source lines."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    wild = ("--cell", "relu", "--rate", "900", "--adam-rate", "900", "--clip", "1e9",
            "--average", "0", "--warmup", "40", "--save-every", "1")  # fmt: skip
    result = charrnn("train", "tale.txt", "--steps", "300", *wild, *SMALL)
    assert result.code == 5, result.err
    assert "diverged" in result.err or "not finite" in result.err
    result = charrnn("sample", "tale", "--length", "50")
    assert result.code in (0, 5)
    assert "Warning" not in result.err
