"""Ctrl-C and `kill`, wherever they meet the program."""

import signal
import subprocess
import sys

import pytest

from tests.conftest import SMALL, tale


@pytest.mark.parametrize("name", ["HUP", "INT"])
def test_what_was_to_be_ignored_is_ignored(home, name):
    """A run of days under nohup, which ends with the terminal all the same."""
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    command = [sys.executable, "-m", "charrnn", "train", "tale.txt", "--steps", "1000000", *SMALL]
    shell = ["sh", "-c", f'trap "" {name}; exec "$@"', "sh"]
    process = subprocess.Popen([*shell, *command], cwd=home, stderr=subprocess.PIPE, text=True)
    for line in process.stderr or ():
        if line.startswith("step"):
            break
    process.send_signal(signal.Signals[f"SIG{name}"])
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    assert "Stopped and saved" in errors


def test_ctrl_c_at_the_start_leaves_no_traceback(home):
    """Somebody who has mistyped, and sees twenty lines of Python for it."""
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True)\nfrom charrnn.cli import main\nmain()",
         "train", "tale.txt", "--time", "1h"],
        cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    for line in process.stderr or ():
        if "tale" in line:  # the corpus has been found, and torch is loaded next
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
