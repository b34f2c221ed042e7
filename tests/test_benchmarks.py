"""The benchmark runs. Its figures are for people, on a machine that does nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import ours, plain

ROOT = Path(__file__).parent.parent
SMALL = ("--hidden-size", "16", "--batch-size", "4", "--seq-length", "8", "--seconds", "0.01")


@pytest.mark.parametrize(
    ("side", "work"),
    [(ours, "train"), (ours, "sample"), (ours, "sample --count 3"), (plain, "train")],
)
def test_both_sides_of_a_comparison_run(side, work, home, monkeypatch, capsys):
    """A benchmark that has not followed a change of the code it measures."""
    monkeypatch.setenv("CHARRNN_HOME", str(home))
    monkeypatch.setattr(sys, "argv", ["benchmark", *work.split(), *SMALL])
    side.main()
    assert json.loads(capsys.readouterr().out)["rate"] > 0


def test_a_part_gives_a_table_and_json(tmp_path):
    """Figures that are printed and not kept, or kept without what they are compared with."""
    out = tmp_path / "out.json"
    given = ("prepare", "--runs", "1", "--megabytes", "1", "--json", str(out))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *given], cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text("utf-8"))["rows"]
    assert {row["unit"] for row in rows} == {"MB/s", "MiB"}
    assert rows[0]["ratio"] > 0
    assert "read and decode" in done.stdout
