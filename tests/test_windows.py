"""What works here works on Windows and macOS: see tests/windows.py, which simulates the former."""

import errno
import io
import os
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from charrnn.display.stdout import stdout_writer, stop_at_closed_pipe
from charrnn.files import atomic_write, plain_name
from tests.conftest import SMALL, call_charrnn, linux, tale
from tests.docs.pages import COMMANDS
from tests.tasks.examples import labelled


@linux
def test_files_in_use_are_neither_moved_nor_replaced(home):
    """'Access is denied' where a file that is open or mapped gives way to a newer one."""
    from tests.windows import windows

    (home / "tale.txt").write_text(tale(3000), "utf-8")
    (home / "kinds.tsv").write_text(labelled(100), "utf-8")
    short = ("--steps", "4", "--save-every", "2")
    commands = [
        ("train", "tale.txt", "--run", "r", *short, *SMALL), ("train", "--resume", "--steps", "6"),
        ("train", "kinds.tsv", "--task", "label", "--run", "l", "--hidden-size", "8", *short),
        ("sample", "r", "--novel", "--length", "9", "-o", "out"), ("runs", "mv", "r", "s"),
        ("runs", "prune", "s", "--yes"), ("runs", "rm", "s", "l", "--yes"),
        ("corpora", "rm", "kinds", "tale", "--yes"),
    ]  # fmt: skip
    with windows():
        for command in commands:
            result = call_charrnn(home, *command)
            assert (result.code, "Not saved" in result.err) == (0, False), result.err


@pytest.mark.parametrize(("refusals", "content"), [(3, b"new"), (99, b"old")])
def test_a_file_that_is_being_read_is_replaced_a_moment_later(home, monkeypatch, refusals, content):
    """A last save that fails because `sample` or a virus scanner has the model open."""
    (home / "x").write_bytes(b"old")
    replace, waited = os.replace, []

    def refuse(path, target):
        if len(waited) < refusals:
            raise PermissionError(13, "it is being used")
        replace(path, target)

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(time, "sleep", waited.append)
    with suppress(PermissionError), atomic_write(home / "x") as file:
        file.write(b"new")
    assert (home / "x").read_bytes() == content
    assert sum(waited) < 1
    assert [path.name for path in home.iterdir()] == ["x"]


def test_nothing_that_only_some_systems_have_is_needed(trained):
    """An AttributeError at the start, where there is no SIGHUP; an ImportError in a dialogue."""
    code = (
        "import os, signal, sys\n"
        "del os.sched_getaffinity, os.posix_fadvise, signal.SIGHUP, signal.pthread_sigmask\n"
        "for name in ('fcntl', 'pty', 'readline', 'resource', 'termios'):\n"
        "    sys.modules[name] = None\n"
        "from charrnn.__main__ import main\n"
        "main()"
    )
    command = ["sample", "tale", "--count", "3", "--length", "9"]
    done = subprocess.run([sys.executable, "-c", code, *command], cwd=trained, check=False,
                          capture_output=True)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


class Terminal(io.TextIOWrapper):
    """A console whose letters are those of Western Europe; it refuses all others."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    "command",
    [*([name, "--help"] for (name,) in COMMANDS), ["--help"], ["runs"], ["corpora"],
     ["inspect", "tale"], ["plot", "tale"], ["compare", "tale"], ["sample", "tale"],
     ["probe", "tale", "tale.txt", "--limit", "9"]],
    ids=" ".join,
)  # fmt: skip
def test_a_console_that_lacks_letters_gets_others(trained, monkeypatch, command):
    """UnicodeEncodeError for a frame, a dash or a letter of the text, on a console in cp1252."""
    console = Terminal(io.BytesIO(), "cp1252", newline="")
    monkeypatch.setattr("tests.conftest.io.TextIOWrapper", lambda *_, **__: console)
    assert call_charrnn(trained, *command).out


def test_a_closed_pipe_is_no_error_there_either(home, monkeypatch):
    """A sentence on the screen of everyone who types `| more`; elsewhere an error that is lost."""
    with open(home / "out", "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "platform", "linux")
        with pytest.raises(OSError, match="Invalid"), stop_at_closed_pipe():
            raise OSError(errno.EINVAL, "Invalid argument")
        monkeypatch.setattr(sys, "platform", "win32")
        with stop_at_closed_pipe():
            raise OSError(errno.EINVAL, "Invalid argument")
        with pytest.raises(OSError, match="regular"), stop_at_closed_pipe():
            raise OSError(errno.EINVAL, "it is not a regular file", "x")


def test_line_ends_stay_as_the_model_writes_them(home, monkeypatch):
    """CRLF in a file for each line feed of a text, so that its bytes are not those of the model."""
    with open(home / "out", "w", newline="\r\n") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with stdout_writer() as write:
            write("a\nb\r\n")
    assert (home / "out").read_bytes() == b"a\nb\r\n"


@pytest.mark.parametrize("name", ["con", "NUL", "aux.txt", "com1", "lpt9.tar.gz", "a."])
def test_devices_of_windows_are_no_names(home, charrnn, name):
    """A run that can be made here, and neither be copied nor opened there."""
    (home / "tale.txt").write_text(tale(1000), "utf-8")
    assert charrnn("train", "tale.txt", "--run", name).code == 2
    assert plain_name(plain_name(name)) == plain_name(name) != name
    assert plain_name("console") == "console"
