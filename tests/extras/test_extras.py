"""Extras: deleting the folder of one removes its commands, and nothing else."""

import ast
import shutil
import subprocess
import sys

import pytest
import typer

import charrnn
from charrnn import _MODULES
from charrnn.cli.definitions import Definition
from charrnn.cli.extras import COMMANDS, HOOKS, find_extra
from charrnn.cli.main import app
from charrnn.errors import MissingError
from tests.conftest import tale
from tests.rooms import OWNERS, PACKAGE, room_of

EXTRAS = sorted(path.parent.name for path in PACKAGE.glob("extras/*/__init__.py"))
TABLE = [*COMMANDS.values(), *HOOKS.values()]


def folder_of(extra):
    """The folder of what the table names: charrnn.extras.NAME.module -> NAME."""
    return extra.module.split(".")[2]


def test_every_folder_stands_in_the_table():
    """A folder that nothing calls; a line of the table that is left when its folder is gone."""
    assert {*map(folder_of, TABLE)} == {*EXTRAS}
    assert all(extra.is_here for extra in TABLE)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_of_a_command_what_its_help_says(name):
    """A list of commands in which one is described as it once was."""
    command = typer.main.get_command(app)
    for word in name.split():
        command = command.get_command(typer.Context(command), word)
    assert COMMANDS[name].help == command.help.partition("\n\n")[0].replace("\n", " ")


WITHOUT = """
import importlib, sys
from charrnn.cli.main import main
sys.argv = ["charrnn", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code
for name in {modules!r}:
    importlib.import_module(name)
assert "torch" not in sys.modules
import charrnn
print(*charrnn.__all__, file=sys.stderr)
"""


def copy_without(extra, folder):
    """The package in a folder, without one extra, or without all where that is empty."""
    shutil.copytree(PACKAGE, folder / "charrnn", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(folder / "charrnn" / "extras" / extra)


def run_python(code, folder, *arguments):
    """A fresh interpreter in a folder, which finds the package there."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True,
        env={"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", "OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("extra", [*EXTRAS, ""])
def test_without_its_folder_an_extra_is_gone_and_all_else_works(extra, tmp_path):
    """A core that cannot start without an extra, or without all (`extra` is empty)."""
    copy_without(extra, tmp_path)
    left = [path for path in (tmp_path / "charrnn").rglob("*.py")
            if room_of(PACKAGE / path.relative_to(tmp_path / "charrnn"))
            not in {*OWNERS["torch"], "__main__"}]  # fmt: skip
    modules = [".".join(path.relative_to(tmp_path).with_suffix("").parts) for path in left]
    done = run_python(WITHOUT.format(modules=modules), tmp_path)
    assert done.returncode == 0, done.stderr
    listed = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("│ ")}
    gone = {name for name, command in COMMANDS.items() if extra in ("", folder_of(command))}
    assert gone & listed == set()
    assert {*typer.main.get_command(app).commands} - gone <= listed
    interface = done.stderr.splitlines()[-1].split()
    lost = {name for name, module in _MODULES.items() if extra in module.split(".")[1:3]}
    lost = lost if extra else {name for name, module in _MODULES.items() if ".extras." in module}
    assert {*interface} == {*dir(charrnn)} - lost


TRAIN_AND_SAMPLE = """
import os, sys
import torch  # once for all: it takes longer than a small run
for folder in sys.argv[1:]:
    if not (child := os.fork()):
        os.chdir(folder)
        import charrnn
        from charrnn.cli.main import main
        assert charrnn.__file__.startswith(folder), charrnn.__file__
        for arguments in ("train ../tale.txt --steps 2 --hidden-size 8 -q", "sample --length 9"):
            sys.argv = ["charrnn", *arguments.split()]
            try:
                main()
            except SystemExit as end:
                if end.code:
                    os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, folder
"""


def test_without_an_extra_a_run_is_trained_and_sampled(tmp_path):
    """A training loop, or a command, that asks an extra for what it could do itself."""
    (tmp_path / "tale.txt").write_text(tale(3000), "utf-8")
    folders = [tmp_path / (extra or "all") for extra in [*EXTRAS, ""]]
    for extra, folder in zip([*EXTRAS, ""], folders, strict=True):
        copy_without(extra, folder)
    done = run_python(TRAIN_AND_SAMPLE, tmp_path, *map(str, folders))
    assert done.returncode == 0, done.stderr
    assert all((folder / "checkpoints" / "tale").is_dir() for folder in folders)


def test_a_folder_that_is_left_with_compiled_files_only_is_gone(tmp_path, monkeypatch):
    """A command that is listed, and fails, where a folder was deleted by a change of branch."""
    (tmp_path / "leftover" / "__pycache__").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    assert not Definition("leftover.command", "run").is_here


def test_a_hook_without_its_folder_is_a_sentence(monkeypatch):
    """ModuleNotFoundError for whoever gives the flag of an extra that is not there."""
    monkeypatch.setitem(HOOKS, "--tensorboard", Definition("charrnn.extras.nix.listener", "listen"))
    with pytest.raises(MissingError, match="--tensorboard needs an extra"):
        find_extra("--tensorboard")
    monkeypatch.delitem(HOOKS, "--tensorboard")
    with pytest.raises(MissingError):
        find_extra("--tensorboard")


def modules_named(path):
    """What a file imports, and its strings, which may name a module to import."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield str(node.module)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_only_the_table_names_the_modules_of_extras():
    """A core that imports an extra; an extra that imports another."""
    tables = {PACKAGE / "cli" / "extras.py", PACKAGE / "__init__.py"}  # of commands, of functions
    for path in PACKAGE.rglob("*.py"):
        room = room_of(path)
        own = ".".join(["charrnn", *path.relative_to(PACKAGE).parts[:2]])
        foreign = [
            name
            for name in modules_named(path)
            if name.startswith("charrnn.extras")
            and not (room.startswith("extras") and f"{name}.".startswith(f"{own}."))
        ]
        assert path in tables or not foreign, f"{path} names {foreign}"
