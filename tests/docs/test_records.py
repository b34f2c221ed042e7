"""The table of what `--json` prints is what it prints."""

import re
import shutil

import pytest

from tests.conftest import call_charrnn, lines
from tests.docs.pages import ALL, rows_of
from tests.extras.importing.elsewhere import Elsewhere, saved
from tests.tasks.examples import labelled, rewritten, tagged

TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object",
         list: "array", type(None): "null"}  # fmt: skip
TINY = ("--steps", "2", "--hidden-size", "8", "--layers", "1", "--batch-size", "4", "--quiet")
EXAMPLES = {"label": labelled, "tag": tagged, "rewrite": rewritten}
SWEEP = "sweep tale.txt --cells lstm --seeds 2 --steps 2 --hidden-size 8 --part valid"
KINDS = "classify labelled.tsv --labeled --runs tale,other"

COMMANDS = {
    "runs": "runs", "inspect": "inspect tale", "compare": SWEEP, "plot": "plot tale",
    "corpora": "corpora", "corpora show": "corpora show tale", "eval": "eval tale",
    "eval FILE": "eval tale tale.txt", "eval --per line": "eval tale --per line",
    "eval --per character": "eval tale --per character", "sample": "sample tale --length 9",
    "classify --labeled": KINDS, "probe": "probe tale tale.txt --limit 5 --gate 1.forget",
    "gradients": "gradients tale", "export": "export tale --html",
    "import": "import rnn.safetensors", "compress": "compress short.txt --run tale",
    "decompress": "decompress short.txt.crnn -o again.txt",
    **{f"eval, {task}": f"eval {task} --part valid" for task in EXAMPLES},
    "forecast": "forecast numbers --horizon 2",
    "eval --per line, label": "eval label --part valid --per line",
    **{f"predict, {task}": f"predict {task} short.txt" for task in (*EXAMPLES, "ctc")},
}  # fmt: skip
"""How to get the records of each row of the table, in an order in which they can be had."""


@pytest.fixture(scope="module")
def home(trained, tmp_path_factory):
    """A folder with a run of each task, and files for all commands."""
    home = tmp_path_factory.mktemp("records")
    shutil.copytree(trained, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".lock"))
    shutil.copytree(home / "checkpoints" / "tale", home / "checkpoints" / "other")
    (home / "short.txt").write_text("the old king\nsat by the sea\n", "utf-8")
    (home / "labelled.tsv").write_text("tale\tthe old king\nother\tthe sea\n", "utf-8")
    saved(home / "rnn.safetensors", Elsewhere("LSTM"))
    (home / "numbers.txt").write_text("".join(f"{n % 7}\n" for n in range(200)), "utf-8")
    args = "train", "numbers.txt", "--tokenizer", "number", "--run", "numbers", "--steps", "2"
    done = call_charrnn(home, *args, "--hidden-size", "8")
    assert done.code == 0, done.err
    for task, examples in EXAMPLES.items():
        (home / f"{task}.tsv").write_text(examples(60), "utf-8")
    runs = {task: ("--task", task) for task in EXAMPLES}
    for run, flags in (runs | {"ctc": ("--task", "rewrite", "--decoder", "ctc")}).items():
        args = "train", f"{flags[1]}.tsv", "--split", "60/40/0", "--run", run, *flags
        done = call_charrnn(home, *args, *TINY)
        assert done.code == 0, done.err
    return home


def types_of(value):
    return {TYPES[type(value)]} | ({"number"} if type(value) is int else set())


def documented():
    """The fields of each row: by name the types that they have."""
    fields = re.compile(r"`(\w+)` ([a-z]+(?: or [a-z]+)*)")
    return {
        row.strip("`").replace("`", ""): {
            n: set(t.split(" or ")) for n, t in fields.findall(listed)
        }
        for row, listed in rows_of("scripting.md", "command")
    }


def test_records_have_the_fields_and_types_of_the_table(home):
    """A field that a script looks for in vain, under the name that another command gives it."""
    table = documented()
    printed: dict[str, list[dict[str, object]]] = {}
    for name, command in COMMANDS.items():
        done = call_charrnn(home, *command.split(), "--json")
        assert done.code == 0, (command, done.err)
        for record in lines(done.out):
            kind = f", {record['kind']}" if "kind" in record else ""
            printed.setdefault(f"{name}{kind}", []).append(record)
    assert printed.keys() == table.keys()
    printed["runs"] = [run for run in printed["runs"] if run["unit"] == "character"]
    for name, records in printed.items():
        for record in records:
            assert record.keys() == table[name].keys(), name
            wrong = {n: v for n, v in record.items() if not types_of(v) & table[name][n]}
            assert not wrong, name


def test_every_command_that_prints_json_is_in_the_table():
    """A command whose output nobody has described."""
    commands = {name: any("--json" in p.opts for p in c.params) for name, c in ALL.items()}
    listed = {re.split("[ ,]", row)[0] for row in documented()}
    assert listed | {"train", "prepare", "sweep"} == {n for n, prints in commands.items() if prints}
