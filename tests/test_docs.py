"""The README and the guide tell the truth: commands run, tables are the settings, links lead on."""

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer

from charrnn import events
from charrnn.cells import CELLS
from charrnn.cli.flags import described
from charrnn.cli.hints import ADVICE, RENAMED
from charrnn.cli.main import app
from charrnn.errors import CharRNNError
from charrnn.evaluation import dynamic
from charrnn.inference.properties import PROPERTIES
from charrnn.recipes import RECIPES
from charrnn.settings import (
    LEARNING_RATES,
    ModelSettings,
    TextSettings,
    TrainSettings,
    flag,
)
from charrnn.storage.metrics import Metrics, read_curves
from tests.conftest import SMALL, call_charrnn, run_charrnn, tale
from tests.tasks.examples import labelled

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
ALL = {n: c for n, c in typer.main.get_command(app).commands.items() if n != "help"}
COMMANDS = [[name] for name in ALL]
SUBCOMMANDS = [[n, sub] for n, c in ALL.items() for sub in getattr(c, "commands", [])]
TRAINING = r"charrnn (train|sweep)\b(?!.*--resume)"


def page_text(name):
    return (ROOT / "docs" / name).read_text("utf-8")


RUN: set[str] = set()  # what several pages have runs once


def commands_of(page):
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def smaller(command):
    """The command as it is written, but for the length and the size of what it trains."""
    command = re.sub(r" --(time|epochs|steps|layers) \S+", "", command)
    small = " ".join(SMALL if "--recipe" not in command else SMALL[:2])
    if "--task" in command:  # which reads texts to their ends
        small = re.sub(r"--seq-length \d+", "", small)
    command = command.replace("--cells lstm,gru,elman", "--cells elman")
    command = re.sub(TRAINING, rf"charrnn \1 --steps 2 {small}", command)
    return re.sub(r"(charrnn gradients .*--cell .*)", r"\1 --hidden-size 16", command)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A reader's folder: the texts and the runs that the pages speak of."""
    home = tmp_path_factory.mktemp("reader")
    text = tale(5000) + "ROMEO: To be def "  # stands in for the download, with the prompts' letters
    (home / "corpora").mkdir()
    for name in ("corpora/shakespeare.txt", "shakespeare.txt", "tale.txt"):
        (home / name).write_text(text, "utf-8")
    (home / "words.tsv").write_text(labelled(100), "utf-8")
    (home / "words.txt").write_text("through\ndurch\n", "utf-8")
    made = run_charrnn(home, "train", "shakespeare.txt", "--run", "plays", "--steps", "6", *SMALL)
    assert made.code == 0, made.err
    shutil.copytree(home / "checkpoints" / "plays", home / "checkpoints" / "snake")
    return home


@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_runs(reader, page, monkeypatch):
    """A flag that was renamed; an example that never worked."""
    monkeypatch.setattr(dynamic, "_SEGMENTS", 50)  # gradients are measured on less of the text
    monkeypatch.setattr(dynamic, "_PLACES", 5)
    for command in commands_of(page):
        run = smaller(re.sub(r" --run (plays|snake)", r" --run \1-again", command))
        run = run.replace("--resume --run plays-again", "--resume --run plays --steps 8")
        run = run.replace("--resume --run snake-again", "--resume --run snake")
        if run in RUN:
            continue
        RUN.add(run)
        code, error = result_of(run, reader)
        assert code == 0, f"{command}\n{error}"


def result_of(command, folder):
    """(Exit code, stderr) of a command: in this process, where torch is loaded, if that will do."""
    words = shlex.split(command)
    if (
        words[0] == "charrnn"
        and "--processes" not in words
        and not re.search(r"[|<>$*;&]", command)
    ):
        done = call_charrnn(folder, *words[1:])
        return done.code, done.err
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, capture_output=True,
        text=True, timeout=90, check=False, env={**os.environ, "PATH": path},
    )  # fmt: skip
    return shell.returncode, shell.stderr


@pytest.fixture(scope="module")
def flags():
    """Every flag of every command, as its help spells it."""
    helps = (
        call_charrnn(ROOT / "tests", *command, "--help").out
        for command in ([], *COMMANDS, *SUBCOMMANDS)
    )
    return set(re.findall(r"--[a-z][\w-]+", "".join(helps)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_flag_exists(page, flags):
    """A flag in the prose that no command has."""
    text = re.sub(r"^ {4}.*$", "", page.read_text("utf-8"), flags=re.MULTILINE)
    if page.stem == "coming-from":  # the first column has our names
        text = "\n".join(line.split("|")[1] for line in text.splitlines() if line[:1] == "|")
    assert sorted(set(re.findall(r"--[a-z][\w-]+", text)) - flags) == []


def test_the_table_of_settings_is_the_settings():
    """A default that changed everywhere but here."""
    rows = []
    for kind in (ModelSettings, TrainSettings, TextSettings):
        for field in fields(kind):
            text, default = described(field, field.type)
            shown = default and (default if default == "chosen" else f"`{default}`")
            rows.append(f"| `{flag(field.name)}` | {shown} | {text} |")
    table = "\n".join(rows)
    page = (ROOT / "docs" / "training.md").read_text("utf-8")
    assert table in page, f"the table should be:\n{table}"


def test_the_python_examples_run(home):
    """An interface that is documented under another name."""
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    page = ROOT / "docs" / "python.md"
    text = page.read_text("utf-8").replace("```", "")
    examples = doctest.DocTestParser().get_doctest(text, {}, "python.md", str(page), 0)
    assert len(examples.examples) > 15
    runner = doctest.DocTestRunner()
    runner.run(examples)
    assert runner.summarize(verbose=False).failed == 0
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 100


def rows_of(page, title):
    """The first two cells of each row of the table whose head begins with a title."""
    _, _, table = (ROOT / "docs" / page).read_text("utf-8").partition(f"| {title} |")
    lines = table.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:3]] for line in lines]


SCORES = ("bits_per_character", "bits_per_byte")
"""What stands in JSON in place of an event's `scores`, where a language model is trained."""


def test_the_table_of_events_is_the_events():
    """A field of --json that a script looks for in vain, or that nobody learns of."""
    listed = {name.strip("`"): fields for name, fields in rows_of("scripting.md", "event")}
    kinds = {kind.__name__.lower(): kind for kind in events.Event.__subclasses__()}
    assert listed.keys() == kinds.keys() - {"progress", "curves"}
    for name, named in listed.items():
        expected = [name for field in fields(kinds[name])
                    for name in (SCORES if field.name == "scores" else [field.name])]  # fmt: skip
        assert re.findall(r"`(\w+)`", named) == expected, name


def json_types(kind, names):
    """What JSON has for the fields of an event, by their names."""
    of_python = {str: "string", int: "integer", float: "number", bool: "boolean"}
    hints = get_type_hints(kind)
    if scores := hints.pop("scores", None):
        hints |= dict.fromkeys(SCORES, get_args(scores)[1])
    for name, annotated in hints.items():
        choices = get_args(annotated) or (annotated,)
        python = type(choices[0]) if isinstance(choices[0], str) else choices[0]
        names.setdefault(name, set()).add(of_python[python])
        if type(None) in choices:
            names[name].add("null")


def test_the_table_of_fields_is_the_fields_of_the_events():
    """A field whose type or meaning a script has to guess."""
    expected: dict[str, set[str]] = {"event": {"string"}, "time": {"string"}}
    for kind in events.Event.__subclasses__():
        if kind not in (events.Progress, events.Curves):
            json_types(kind, expected)
    rows = rows_of("scripting.md", "field")
    listed = {name: set(kind.split(" or ")) for names, kind in rows
              for name in re.findall(r"`(\w+)`", names)}  # fmt: skip
    assert listed == expected


def test_pandas_reads_the_metrics_of_a_resumed_run(home, capsys):
    """An example that fails, or that draws the steps which a killed process had lost."""
    (block,) = re.findall(r"```python\n(.*?)```", page_text("scripting.md"), re.DOTALL)
    folder = home / "checkpoints" / "plays"
    folder.mkdir(parents=True)
    metrics = Metrics(folder)
    for number, step in enumerate([2, 4, 6, 8, 4, 7, 8]):
        scores = dict.fromkeys(SCORES, 10.0 - number)
        metrics(events.Stepped(step, 8, 1.0, scores, *[1.0] * 5))
        metrics(events.Evaluated(step, 10.0 - number, scores, True, 1.0, number / 2))
    metrics.close()
    named: dict[str, Any] = {}
    exec(block, named)
    expected = {point.step: point.bits for point in read_curves(folder).validation}
    assert list(expected) == [2, 4, 7, 8]
    assert named["valid"]["bits_per_character"].to_dict() == expected
    assert "bits_per_character" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("page", "title", "choices"),
    [
        ("training.md", "recipe", RECIPES),
        ("training.md", "`--optimizer`", LEARNING_RATES),
        ("training.md", "`--schedule`", get_args(get_type_hints(TrainSettings)["schedule"])),
        ("comparing.md", "`--cell`", CELLS),
    ],
)
def test_the_tables_of_choices_are_complete(page, title, choices):
    """A recipe, an optimizer, a schedule or a cell that the guide does not know."""
    assert sorted(first.strip("`") for first, _ in rows_of(page, title)) == sorted(choices)


def test_learning_rates_exit_codes_and_properties_are_those_of_the_package():
    """A figure or a name in the prose that changed in the code."""
    for name, rate in LEARNING_RATES.items():
        row = rf"^\| `{name}` \|.*\| {rate:g}\b"
        assert re.search(row, page_text("training.md"), re.MULTILINE)
    codes = {kind.exit_code for kind in (CharRNNError, *CharRNNError.__subclasses__())}
    listed = " ".join(first for first, _ in rows_of("scripting.md", "code"))
    assert set(map(int, re.findall(r"\d+", listed))) == codes | {0, 129, 130, 143}
    prose = " ".join(page_text("looking-inside.md").replace("`", "").split())
    assert [name for name in PROPERTIES if name not in prose] == []


def test_flags_of_other_programs_are_answered_as_the_guide_shows(home):
    """An answer that reads otherwise than on the page; a flag of theirs that is not answered."""
    text = page_text("coming-from.md")
    (block,) = re.findall(r"(?:^ {4}.*\n)+", text, re.MULTILINE)
    command, *answer = textwrap.dedent(block).splitlines()
    shown = call_charrnn(home, *shlex.split(command)[2:])
    assert shown.err.splitlines() == answer
    names = RENAMED | ADVICE | {flag.lstrip("-"): flag for flag in re.findall(r"--[\w-]+", text)}
    for line in text.splitlines():
        for theirs in re.findall(r"`--?([a-z]\w+)", " ".join(line.split("|")[2:])):
            assert theirs.replace("_", "-") in names, theirs


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_and_names_lead_somewhere(page):
    """A page or a picture that was moved; a promise under the name of a test nobody wrote."""
    text = page.read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert link.startswith("https://") or (page.parent / link).exists(), link
    tests = "\n".join(path.stem + path.read_text("utf-8") for path in ROOT.glob("tests/**/*.py"))
    assert [n for n in re.findall(r"`(test_\w+)(?:\.py)?`", text) if n not in tests] == []
    for name in re.findall(r"`(?:python -m )?scripts\.(\w+)`", text):
        assert (ROOT / "scripts" / f"{name}.py").exists()
    for name in re.findall(r"^    (scripts/\w+) ", text, re.MULTILINE):
        assert os.access(ROOT / name, os.X_OK)


def test_the_readme_is_short_and_names_every_command():
    """A README that nobody reads to its end; a command that nobody finds."""
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= 160
    assert [name for (name,) in COMMANDS if f"`{name}`" not in text] == []
    assert all(f"docs/{page.name}" in text for page in PAGES[1:])


@pytest.mark.parametrize("page", [*PAGES, ROOT / "benchmarks" / "RECIPE.md"], ids=lambda p: p.stem)
def test_the_words_are_those_of_the_field(page):
    """A word of ours for what everybody calls by another name."""
    ours = r"\b(lanes?|reckon\w*|gone on|by heart|runs? off|kinds of tokens|(?<!there )is no)\b"
    assert re.findall(ours, page.read_text("utf-8"), re.IGNORECASE) == []
