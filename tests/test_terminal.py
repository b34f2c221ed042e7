"""What a person sees, on a real (pseudo-)terminal."""

import os
import subprocess
import sys

import pyte
import pytest

from tests.conftest import SMALL, tale

pty = pytest.importorskip("pty", reason="a pseudo-terminal is a POSIX thing")


def watch(home, *args, size=(100, 40), env=None):
    """The screen as it was after every read, and the exit code."""
    main, side = pty.openpty()
    columns, rows = size
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns),
                   "LINES": str(rows), **(env or {})}  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", *args], cwd=home, env=environment,
        stdin=side, stdout=side, stderr=side, close_fds=True,
    )  # fmt: skip
    os.close(side)
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    looks, raw = [], b""
    while True:
        try:
            data = os.read(main, 1 << 16)
        except OSError:
            break
        if not data:
            break
        raw += data
        stream.feed(data)
        looks.append("\n".join(screen.display))
    os.close(main)
    return looks, process.wait(timeout=60), raw


@pytest.fixture
def text(home):
    (home / "tale.txt").write_text(tale(4000), "utf-8")
    return home


def test_the_training_screen_shows_progress_curves_and_a_sample(text):
    """A screen that stays empty, or leaves its ruins behind."""
    looks, code, _ = watch(text, "train", "tale.txt", "--time", "4s", *SMALL)
    assert code == 0, looks[-1]
    seen = "\n".join(looks)
    for word in (
        "characters/s",
        "left",
        "bits per character",
        "training",
        "validation",
        "it writes",
    ):
        assert word in seen
    assert any(0x2800 < ord(c) < 0x2900 for c in looks[-1]), "the curves stay"
    assert "characters/s" not in looks[-1], "what moves goes"
    assert "charrnn sample tale" in looks[-1]


@pytest.mark.parametrize("size", [(20, 8), (300, 20), (80, 5)])
def test_any_size_of_terminal_will_do(text, size):
    """A layout that crashes a run because a window is small."""
    _, code, _ = watch(text, "train", "tale.txt", "--steps", "6", *SMALL, size=size)
    assert code == 0


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_left_out(text, env):
    """Escape sequences in the eyes of those who asked for none."""
    looks, code, raw = watch(text, "train", "tale.txt", "--steps", "6", *SMALL, env=env)
    assert code == 0
    assert b"\x1b[36m" not in raw
    assert b"\x1b[31m" not in raw
    if "TERM" in env:
        assert b"\x1b" not in raw
        assert "valid" in looks[-1]


def test_an_error_is_readable(text):
    """An error that is drawn over, or as JSON on a terminal."""
    looks, code, _ = watch(text, "sample", "nope")
    assert code == 4
    assert "charrnn: error: there is no run nope" in looks[-1]


def test_a_text_on_a_terminal_ends_with_a_line_end(trained):
    """A prompt glued to the last word."""
    _, code, raw = watch(trained, "sample", "--length", "7", "--seed", "5")
    assert code == 0
    assert raw.endswith(b"\r\n")
