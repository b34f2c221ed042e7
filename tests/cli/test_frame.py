"""Who hears what, on which stream, in the frame of a command."""

import json
import subprocess
import sys

import pytest

from charrnn.cli.frame import frame
from charrnn.display.reports import Report
from charrnn.events import Noticed, Progress
from charrnn.tables import Table

REPORT = Report([{"bits": 2}], [Table(title="2 bits")])


@pytest.mark.parametrize(("flags", "told"), [
    ({}, "slow\n"), ({"quiet": True}, ""), ({"json": True}, ""),
    ({"stdout": "data"}, "slow\n"), ({"stdout": "data", "quiet": True}, ""),
    ({"stdout": "data", "json": True}, "slow\n"),
    ({"stdout": "events", "quiet": True}, ""), ({"stdout": "events"}, "slow\n"),
])  # fmt: skip
def test_events_go_to_stderr_or_nowhere(capsys, flags, told):
    """A notice among the data; --quiet or a report for --json that still talks."""
    with frame(**flags) as command:
        command.emit(Progress("reading", 1, 2))
        command.emit(Noticed("slow"))
    assert capsys.readouterr() == ("", told)


def test_events_are_the_data_where_a_command_has_no_other(capsys):
    """train --json --quiet without a line."""
    with frame(json=True, quiet=True, stdout="events") as command:
        command.emit(Noticed("slow"))
    assert json.loads(capsys.readouterr().out) == {"event": "noticed", "message": "slow"}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_report_is_printed_once_and_said_is_said_after_it(capsys, as_json):
    """A table between JSON objects; 'Written: ...' before what was written."""
    with frame(json=as_json) as command:
        command.show(REPORT)
        command.show_record({"bits": 3})
        command.say("Written: a.svg")
    out, err = capsys.readouterr()
    assert out == ('{"bits": 2}\n{"bits": 3}\n' if as_json else "2 bits\n")
    assert err == "Written: a.svg\n"


CLOSED = """
from charrnn.cli.frame import frame
with frame(stdout="data") as command:
    for _ in range(100_000):
        command.write("data\\n")
import sys
assert not {"rich", "numpy", "torch"} & {*sys.modules}, "what is not shown is not loaded"
print("after", file=sys.stderr)
"""


def test_a_closed_pipe_ends_the_writing_and_not_the_program():
    """A traceback after `| head -1`; Rich loaded for plain data."""
    with subprocess.Popen(
        [sys.executable, "-c", CLOSED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "data\n"
        process.stdout.close()
        assert process.stderr.read() == "after\n"
    assert process.returncode == 0
