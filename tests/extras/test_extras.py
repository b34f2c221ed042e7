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
from tests.conftest import posix, tale
from tests.rooms import OWNERS, PACKAGE, modules, path_of, room_of

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


WITHOUT_EACH = """
import os, sys
import numpy, onnx, PIL, pydantic, rich.live, typer  # once for all
def run(command):
    from charrnn.cli.main import main
    sys.argv = ["charrnn", *command.split()]
    try:
        main()
    except SystemExit as end:
        assert not end.code, command
for extra in {extras!r}:
    os.rename("charrnn/extras/" + extra, "away")
    if not (child := os.fork()):
        sys.stdout = open("without " + extra, "w", encoding="utf-8")
        import charrnn
        assert charrnn.__file__.startswith(sys.path[1]), charrnn.__file__
        run("--help")
        gone = ("charrnn.extras." + extra).rstrip(".") + "."
        for name in {modules!r}:
            if not (name + ".").startswith(gone):
                __import__(name)
        assert "torch" not in sys.modules
        print(*charrnn.__all__)
        if not extra:
            run("train tale.txt --steps 2 --hidden-size 8 -q")
            run("sample --length 9")
        sys.stdout.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, extra
    os.rename("away", "charrnn/extras/" + extra)
"""


@posix
def test_without_its_folder_an_extra_is_gone_and_all_else_works(tmp_path):
    """A core that cannot start without an extra; one that cannot train or sample without all.

    The package lacks each extra in turn, and all ("") in the end.
    """
    shutil.copytree(PACKAGE, tmp_path / "charrnn", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tale.txt").write_text(tale(3000), "utf-8")
    names = [n for n in modules() if room_of(path_of(n)) not in {*OWNERS["torch"], "__main__"}]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_EACH.format(extras=[*EXTRAS, ""], modules=names)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": tmp_path, "COLUMNS": "80", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "checkpoints" / "tale").is_dir()
    for extra in [*EXTRAS, ""]:
        shown = (tmp_path / f"without {extra}").read_text("utf-8")
        listed = {line.split()[1] for line in shown.splitlines() if line.startswith("│ ")}
        gone = {name for name, command in COMMANDS.items() if extra in ("", folder_of(command))}
        assert gone & listed == set()
        assert {*typer.main.get_command(app).commands} - gone <= listed
        lost = {n for n, module in _MODULES.items() if f"charrnn.extras.{extra}" in module}
        (interface,) = (line for line in shown.splitlines() if line.startswith("__version__"))
        assert {*interface.split()} == {*dir(charrnn)} - lost


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
