"""charrnn train --processes, killed and interrupted."""

import json
import os
import signal
import subprocess

import pytest

from tests.conftest import lines, posix, tale
from tests.processes import Command


def test_too_small_a_batch_is_refused_before_processes_start(charrnn):
    """Half a minute in which several processes load torch, to say what was known before."""
    done = charrnn("train", "tale.txt", "--processes", "3", "--batch-size", "2")
    assert (done.code, "cannot be split among 3 processes" in done.err) == (2, True)


def test_too_few_descriptors_are_said_before_processes_start(charrnn):
    """The traceback of each process, for a limit of open files."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (79, before[1]))
    try:
        done = charrnn("train", "tale.txt", "--processes", "2")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert (done.code, "ulimit -n 80" in done.err) == (1, True)


@pytest.fixture
def two_processes(tmp_path):
    """Start `charrnn train` in two processes; kill what is left of it afterwards."""
    (tmp_path / "tale.txt").write_text(tale(30_000), "utf-8")
    started = []

    def start(*flags: str) -> Command:
        sizes = ["--hidden-size", "16", "--batch-size", "8", "--seq-length", "16", "--json"]
        started.append(Command(tmp_path, "train", "tale.txt", "--processes", "2", *sizes, *flags))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.join()


def children(process) -> list[int]:
    """The processes that it has started, which torchrun does in the order of their ranks."""
    listed = subprocess.check_output(["ps", "-Ao", "pid,ppid,args"], text=True)
    rows = [row.split(None, 2) for row in listed.splitlines()[1:]]
    own = [int(pid) for pid, parent, args in rows if parent == str(process.pid) and "-m" in args]
    return sorted(own)


def wait_for(process, event: str) -> dict:
    """The next event of that kind."""
    for line in process.stdout:
        record = json.loads(line)
        if record["event"] == event:
            return record
    raise AssertionError(f"it ended without {event}: {process.stderr.read()}")


@pytest.mark.timeout(600)  # of a machine that has much else to do: five times torch is loaded
@posix
def test_a_killed_process_and_an_interrupt_lose_nothing(two_processes):
    """A rank that waits for ever for a dead one; a run that begins anew; a save by every rank."""
    process = two_processes("--steps", "200000", "--save-every", "20", "--max-restarts", "1")
    assert wait_for(process, "saved")["step"] == 20
    os.kill(children(process)[1], signal.SIGKILL)
    resumed = wait_for(process, "started")
    assert resumed["step"] >= 20
    assert resumed["run"] == "tale"
    wait_for(process, "saved")
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate()
    assert process.exitcode == 130
    (end,) = [record for record in lines(out) if record["event"] == "finished"]
    assert end["interrupted"]
    assert end["step"] > resumed["step"]
    assert err.count("error") == 1
    assert "started again" in err


def test_an_error_of_the_first_process_is_said_once(two_processes):
    """The launcher's report, a traceback, the error of every process and restart, one left."""
    process = two_processes("--encoding", "ascii", "--max-restarts", "3")
    _, err = process.communicate()
    assert process.exitcode == 3
    assert err.count("\n") == 2
    assert "tale.txt is not ascii" in err
