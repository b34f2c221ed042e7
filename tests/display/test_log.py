"""Events as plain lines and as JSON, errors."""

import io
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from charrnn.display.log import Lines, listen, show_error, show_event
from charrnn.errors import CharRNNError
from charrnn.events import Noticed, Progress, Stepped
from tests.display.conftest import events


def log(capsys, found, quiet=False, as_json=False):
    with listen(quiet, as_json) as emit:
        for event in found:
            emit(event)
    return capsys.readouterr()


@pytest.mark.parametrize(("unit", "bits", "speed"), [
    ("character", "3.000", "4,000 characters/s"), ("byte", "1.500", "5,000 bytes/s"),
])  # fmt: skip
def test_a_log_tells_the_whole_run(capsys, unit, bits, speed):
    """'bits per character' of a byte model; a log without loss, speed, progress or time left."""
    out, err = log(capsys, events(unit))
    assert out == ""
    step = next(line for line in err.splitlines() if line.startswith("step 10/100"))
    for word in (f"training {bits} bits per {unit}", speed, "epoch 0.25", "learning rate 0.01",
                 "0:09 left"):  # fmt: skip
        assert word in step
    assert f"validation {'2.300' if unit == 'character' else '1.200'} bits per {unit}" in err
    assert "best so far" in err
    assert "Trained tale for 100 steps" in err
    assert ("character" in err) == (unit == "character")


def test_steps_are_not_printed_one_by_one(capsys):
    """A log of a line for each of a million steps."""
    _, err = log(capsys, events(steps=1000))
    assert err.count("training") == 1


def test_the_log_of_a_long_run_is_short(monkeypatch):
    """A line every ten seconds for twelve hours; or none for a minute in a run of one minute."""
    out, seconds = io.StringIO(), 0
    monkeypatch.setattr("charrnn.display.log.time", SimpleNamespace(monotonic=lambda: seconds))
    show, step = Lines(Console(file=out)), next(e for e in events() if isinstance(e, Stepped))
    for seconds in range(10, 12 * 3600, 5):
        show(replace(step, seconds=float(seconds)))
        if seconds == 60:
            assert out.getvalue().count("training") == 6
    assert 720 < out.getvalue().count("training") < 900


def test_json_has_an_object_a_line_and_nothing_else(capsys):
    """A progress bar, or a sentence, in the middle of what a program reads."""
    out, err = log(capsys, [Progress("reading", 1, 2), *events()], as_json=True)
    names = [json.loads(line)["event"] for line in out.splitlines()]
    assert names[:3] == ["prepared", "started", "planned"]
    assert names[-1] == "finished"
    assert err == ""


def test_quiet_is_quiet(capsys):
    """--quiet that still prints the ending."""
    assert log(capsys, events(), quiet=True) == ("", "")


def test_a_closed_stderr_does_not_stop_the_work():
    """Training that ends because a terminal was closed."""

    class Closed:
        def print(self, _):
            raise BrokenPipeError

    from charrnn.display.log import _until_closed

    emit = _until_closed(Lines(Closed()))
    for event in events():
        emit(event)


def test_an_error_is_two_lines(capsys):
    """A file's name that adds a line, or controls the terminal."""
    show_error(CharRNNError("cannot read a\nb\x1b[2J", "Name another."))
    assert capsys.readouterr().err.splitlines() == [
        "charrnn: error: cannot read a\\nb\\x1b[2J",
        "Name another.",
    ]


def test_a_notice_stands_alone(capsys):
    """A sentence on stdout, among the data."""
    show_event(Noticed("Written: a.svg"))
    assert capsys.readouterr() == ("", "Written: a.svg\n")
