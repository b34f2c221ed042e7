"""What a person sees, on a real (pseudo-)terminal."""

import os

import pyte
import pytest

from tests.conftest import SMALL, call_charrnn, tale
from tests.processes import Command
from tests.tasks.examples import rewritten

pty = pytest.importorskip("pty", reason="a pseudo-terminal is a POSIX thing")


def on_terminal(home, *args, size=(100, 40), env=None, stdout=None):
    """The screen as it was after every read, and the exit code."""
    main, side = pty.openpty()
    columns, rows = size
    environment = {"TERM": "xterm-256color", "COLUMNS": str(columns),
                   "LINES": str(rows), **(env or {})}  # fmt: skip
    process = Command(home, *args, env=environment, stdout=stdout or side, stderr=side)
    os.close(side)
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    screens, raw = [], b""
    while True:
        try:
            data = os.read(main, 1 << 16)
        except OSError:
            break
        if not data:
            break
        raw += data
        stream.feed(data)
        screens.append("\n".join(screen.display))
    os.close(main)
    process.join()
    return screens, process.exitcode, raw


@pytest.fixture
def text(home):
    (home / "tale.txt").write_text(tale(4000), "utf-8")
    return home


def test_the_training_screen_shows_progress_curves_and_a_sample(text):
    """A screen that stays empty, or leaves its ruins behind."""
    screens, code, _ = on_terminal(text, "train", "tale.txt", "--time", "2s", *SMALL)
    assert code == 0, screens[-1]
    seen = "\n".join(screens)
    words = "characters/s", "left", "bits per character", "training", "validation", "sample"
    assert [word for word in words if word not in seen] == []
    assert any(0x2800 < ord(c) < 0x2900 for c in screens[-1]), "the curves stay"
    assert "characters/s" not in screens[-1], "what moves goes"
    assert "charrnn sample tale" in screens[-1]


def test_a_small_terminal_will_do(text):
    """A layout that crashes a run because it is small."""
    _, code, _ = on_terminal(text, "train", "tale.txt", "--steps", "6", *SMALL, size=(20, 5))
    assert code == 0


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_left_out(text, env):
    """Escape sequences in the eyes of those who asked for none."""
    train = ["train", "tale.txt", "--steps", "6", *SMALL]
    screens, code, raw = on_terminal(text, *train, env=env, size=(300, 20))
    assert code == 0
    assert b"\x1b[36m" not in raw
    assert b"\x1b[31m" not in raw
    if "TERM" in env:
        assert b"\x1b" not in raw
        assert "valid" in screens[-1]


def test_an_error_is_readable(text):
    """An error that is drawn over, or as JSON on a terminal."""
    screens, code, _ = on_terminal(text, "sample", "nope")
    assert code == 4
    assert "charrnn: error: there is no run nope" in screens[-1]


def test_a_text_on_a_terminal_ends_with_a_line_end(trained):
    """A prompt glued to the last word."""
    _, code, raw = on_terminal(trained, "sample", "--length", "7", "--seed", "5")
    assert code == 0
    assert raw.endswith(b"\r\n")


def test_attention_has_colours_on_a_terminal(home):
    """Colours of ours that are escaped as if a model had written them."""
    (home / "a.tsv").write_text(rewritten(60), "utf-8")
    trained = call_charrnn(home, "train", "a.tsv", "--task", "rewrite", "--steps", "2", *SMALL[:2])
    assert trained.code == 0, trained.err
    (home / "words").write_text("aa\n", "utf-8")
    _, code, raw = on_terminal(home, "predict", "words", "--attention")
    assert code == 0
    assert b"\x1b[" in raw
    assert b"\\x1b" not in raw


@pytest.mark.parametrize("command", ["probe tale tale.txt --json", "sample --count 9 --length 99"])
def test_data_goes_to_its_file_while_progress_is_shown(trained, tmp_path, command):
    """Rich's live display, which sends what is written to stdout to the terminal, too."""
    with (tmp_path / "data").open("wb") as file:
        screens, code, _ = on_terminal(trained, *command.split(), stdout=file.fileno())
    assert code == 0
    assert "%" in "".join(screens)
    assert (tmp_path / "data").stat().st_size > 900
    assert not set("{}").intersection("".join(screens))
