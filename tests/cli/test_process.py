"""Ctrl-C, `kill`, and nobody who reads: wherever they meet the program."""

import json
import os
import shlex
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from charrnn.training.saving import read_training
from tests.conftest import SMALL, call_charrnn, lines, linux, tale
from tests.processes import Command


def start_training(home, *args, until="stepped"):
    """A training process that has just reported such an event."""
    process = Command(home, "train", *args, "--json")
    for line in process.stdout:
        if json.loads(line)["event"] == until:
            return process
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_saves_and_the_run_can_be_resumed(home, charrnn, number, code):
    """Hours lost to `kill` or to a terminal that was closed."""
    (home / "tale.txt").write_text(tale(5000), "utf-8")
    process = start_training(home, "tale.txt", "--steps", "100000", "--run", "r", *SMALL)
    os.kill(process.pid, number)
    out, err = process.communicate()
    assert process.exitcode == code, err
    assert err == ""
    last = lines(out)[-1]
    assert last["event"] == "finished"
    assert last["interrupted"] is True
    assert charrnn("sample", "r", "--length", "5").code == 0


def test_an_interrupted_run_is_resumed_where_it_was(home, charrnn):
    """A resume that starts anew, or with other settings."""
    (home / "tale.txt").write_text(tale(5000), "utf-8")
    process = start_training(home, "tale.txt", "--steps", "100000", "--run", "r", *SMALL)
    os.kill(process.pid, signal.SIGINT)
    out, _ = process.communicate()
    assert process.exitcode == 130
    step = lines(out)[-1]["step"]
    assert [run["state"] for run in lines(charrnn("runs", "--json").out)] == ["interrupted"]
    refused = charrnn("train", "--resume", "--hidden-size", "33")
    assert refused.code == 2
    assert "--hidden-size 32" in refused.err
    process = start_training(home, "--resume")
    os.kill(process.pid, signal.SIGINT)
    out, _ = process.communicate()
    assert lines(out)[-1]["step"] > step
    metrics = lines((home / "checkpoints" / "r" / "metrics.jsonl").read_text("utf-8"))
    assert [m["step"] for m in metrics if m["event"] == "started"] == [0, step]


def test_a_killed_run_ends_as_the_run_that_was_not(home):
    """SIGKILL: what is on disk is all there is, and it has to be enough."""
    (home / "tale.txt").write_text(tale(4000), "utf-8")
    args = ("tale.txt", "--steps", "200", "--save-every", "20", *SMALL)
    assert call_charrnn(home, "train", *args, "--run", "r").code == 0
    (home / "checkpoints" / "r").rename(home / "whole")
    process = start_training(home, *args, "--run", "r", until="saved")
    process.kill()
    process.communicate()
    result = call_charrnn(home, "train", "--resume", "--run", "r")
    assert result.code == 0, result.err
    for name in ("model.safetensors", "training.safetensors"):
        found, expected = (load_file(home / f / name) for f in ("checkpoints/r", "whole"))
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_what_was_to_be_ignored_is_ignored(home):
    """A run of days under nohup, which ends with the terminal all the same."""
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    ignored = signal.SIGHUP, signal.SIGINT
    process = Command(home, "train", "tale.txt", "--steps", "1000000", *SMALL, ignored=ignored)
    for line in process.stderr:
        if line.startswith("step"):
            break
    for number in signal.SIGHUP, signal.SIGINT, signal.SIGTERM:
        os.kill(process.pid, number)
    _, errors = process.communicate()
    assert process.exitcode == 143, errors
    assert "with everything saved" in errors


def test_ctrl_c_at_the_start_leaves_no_traceback(home):
    """Somebody who has mistyped, and sees twenty lines of Python for it."""
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "train", "tale.txt", "--time", "1h"],
        cwd=home, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stderr:
        if "tale" in line:  # the corpus has been found, and torch is loaded next
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "streams", ["--json 2>/dev/full | head -1", "2>&1 | head -1", "--json 2>&- >/dev/full"]
)
@linux
def test_a_closed_stream_does_not_stop_the_training(home, streams):
    """A run lost because the terminal, the log or its disk went away."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    words = [sys.executable, "-m", "charrnn", "train", "tale.txt", "--steps", "8", *SMALL]
    done = subprocess.run(["bash", "-o", "pipefail", "-c", f"{shlex.join(words)} {streams}"],
                          cwd=home, check=False, capture_output=True, timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (home / "checkpoints/tale/model.safetensors").exists()


def test_an_impatient_second_signal_leaves_the_checkpoint_whole(home):
    """Ctrl-C, Ctrl-C: a traceback, or a file of which half is there."""
    (home / "tale.txt").write_text(tale(3000), "utf-8")
    args = ("tale.txt", "--steps", "100000", "--save-every", "1", "--run", "r", *SMALL)
    process = start_training(home, *args, until="saved")
    os.kill(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate()
    assert process.exitcode in (130, -signal.SIGINT)  # the second may come after the last save
    assert err == ""
    read_training(home / "checkpoints" / "r" / "training.safetensors")


@pytest.mark.parametrize("module", ["typer", "rich", "pydantic"])
def test_ctrl_c_while_loading_is_quiet(home, module):
    """Python's traceback in the middle of an import, early or late."""
    code = f"""
import os, signal, sys
def interrupt(event, args):
    if (event, *args[:1]) == ("import", {module!r}):
        os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(interrupt)
from charrnn.__main__ import main
sys.argv = ["charrnn", "train", "nope", "--steps", "5"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=home, check=False, capture_output=True)
    assert (done.returncode, done.stderr, done.stdout) == (130, b"", b"")


@pytest.fixture
def hang_up():
    """The signal ends a process that is started, though nohup may have started the tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield signal.SIGHUP
    signal.signal(signal.SIGHUP, before)


def test_a_hang_up_leaves_no_temporary_files(home, hang_up):
    """A copy of stdin, or half a corpus, after each terminal that is closed."""
    copies = home / "copies"
    copies.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "prepare", "-"], cwd=home, stdin=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(copies)},
    )  # fmt: skip
    while not [*copies.glob("*/0")]:
        assert process.poll() is None
    process.send_signal(hang_up)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (129, b"")
    assert [*copies.iterdir()] == []
