"""The README tells the truth: its commands run, and its table is the settings'."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from charrnn.options import described, flag
from charrnn.settings import ModelSettings, TextSettings, TrainSettings
from tests.conftest import SMALL, run_charrnn, tale

ROOT = Path(__file__).parent.parent
COMMANDS = ("train", "sample", "eval", "prepare", "compare", "plot", "inspect")
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.timeout(300)
def test_every_command_of_the_readme_runs(home):
    """A flag that was renamed. As written, but for the length and the size of the training."""
    # stands in for the download: it has the letters that the README's primes need
    (home / "corpora").mkdir()
    text = tale(5000) + "ROMEO: To be"
    (home / "corpora" / "shakespeare.txt").write_text(text, "utf-8")
    (home / "shakespeare.txt").write_text(text, "utf-8")
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE))
    assert commands.count("charrnn") > 15
    small = " ".join(a for a in SMALL)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command in commands.splitlines():
        run = re.sub(r" --(time|epochs|steps|layers) \S+", "", command)
        if "train" in run and "--resume" not in run:
            run = run.replace(" train", f" train --steps 2 {small}")
        if "inspect" in run and "--cell " in run:
            run += " --width 16"
        if "--cells" in run:
            run += f" --steps 2 {small}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", run], cwd=home, env=environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    helps = [run_charrnn(home, c, "--help").out for c in COMMANDS]
    flags = set(re.findall(r" (--[a-z-]+)", commands))
    assert {"--time", "--epochs", "--resume", "--prime", "--windows"} <= flags
    assert [flag for flag in flags if f"{flag} " not in "".join(helps)] == []


def test_the_table_of_settings_is_the_settings():
    """A default that changed everywhere but here."""
    rows = []
    for kind in (ModelSettings, TrainSettings, TextSettings):
        for field in fields(kind):
            text, default = described(field, field.type)
            shown = default and (default if default == "chosen" else f"`{default}`")
            rows.append(f"| `{flag(field.name)}` | {shown} | {text} |")
    table = "\n".join(rows)
    assert table in README, f"the table should be:\n{table}"


def test_the_two_commands_are_there():
    """A script that cannot be started."""
    for name in re.findall(r"^    (scripts/\w+) ", README, re.MULTILINE):
        assert os.access(ROOT / name, os.X_OK)
    assert "scripts/demo" in README


def test_what_is_said_to_show_it_is_there():
    """A promise under the name of a test that nobody wrote, or that was renamed."""
    names = re.findall(r"`(test_\w+)(?:\.py)?`", README)
    tests = "\n".join(path.stem + path.read_text("utf-8") for path in ROOT.glob("tests/**/*.py"))
    assert len(names) > 10
    assert [name for name in names if name not in tests] == []
    for name in re.findall(r"`scripts\.(\w+)`", README):
        assert (ROOT / "scripts" / f"{name}.py").exists()
