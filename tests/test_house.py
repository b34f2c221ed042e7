"""The house: who may import whom, and what a command may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SMALL, tale

PACKAGE = Path(__file__).parent.parent / "charrnn"

# A room may import the rooms below it and itself.
ROOMS = [
    {"__main__"},
    {"cli"},
    {"studies", "inspection"},
    {"options", "terminal", "colours", "page", "plot"},
    {"screen", "tables"},
    {"wording", "consoles"},
    {"engine"},
    {"runs"},
    {"store"},
    {"play"},
    {"text", "cells"},
    {"settings", "events", "errors", "files", "sealed", "chart", "interrupts", "stdout", "process"},
    {"__init__"},
]
HEAVY = {
    "torch": {"engine"},
    "rich": {"consoles", "terminal", "screen", "tables", "colours"},
    "typer": {"cli", "studies", "inspection", "options"},
    "matplotlib": {"plot"},
    "safetensors": {"store", "engine"},
    "filelock": {"runs"},
}


def room(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def imports():
    """(room, name of the module it imports) all over the package, also inside functions."""
    for path in sorted(PACKAGE.rglob("*.py")):
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((own, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, "imports are absolute"
                names = [alias.name for alias in node.names]
                whole = node.module == "charrnn" and names != ["__version__"]
                yield from ((own, f"charrnn.{n}") for n in names) if whole else [(own, node.module)]


def test_imports_point_downward():
    """A cell that knows of training; a tokenizer that prints."""
    floor = {name: number for number, names in enumerate(ROOMS) for name in names}
    found = {(own, room(name)) for own, name in imports() if name.split(".")[0] == "charrnn"}
    assert len(found) > 20
    wrong = {(a, b) for a, b in found if a != b and floor[a] >= floor[b]}
    assert wrong == set()


def test_heavy_packages_stay_in_their_rooms():
    """torch loaded by a look-up of a run's name."""
    for own, name in imports():
        top = name.split(".")[0]
        assert own in HEAVY.get(top, {own}), f"{own} imports {name}"


def loaded(code: str, cwd: Path) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after the code."""
    end = "\nimport sys; print('\\n' + ' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", code + end], cwd=cwd, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


CALL = """
from charrnn.cli import main
import sys
sys.argv = ["charrnn", *{args!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


@pytest.mark.parametrize("args", [["--help"], ["train", "--help"], ["sample", "--help"],
                                  ["prepare", "--help"], ["eval", "--help"],
                                  ["compare", "--help"], ["plot", "--help"],
                                  ["inspect", "--help"]])  # fmt: skip
def test_help_loads_neither_torch_nor_numpy(home, args):
    """Help that takes as long as training takes to start."""
    assert not {"torch", "numpy", "safetensors"} & loaded(CALL.format(args=args), home)


def test_sampling_loads_neither_torch_nor_rich(trained):
    """A sampler that is as slow to start as the peers'."""
    modules = loaded(CALL.format(args=["sample", "--length", "5"]), trained)
    assert "numpy" in modules
    assert not {"torch", "rich"} & modules


def test_torch_does_not_load_its_compiler(home, trained):
    """A call that brings it in (it needs sympy), which takes nearly as long as to load torch."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    train = ["train", "tale.txt", "--steps", "2", *SMALL]
    for folder, args in (home, train), (trained, ["eval", "--dynamic"]):
        modules = loaded(CALL.format(args=args), folder)
        assert "torch" in modules
        assert "sympy" not in modules


def test_nothing_happens_at_import(home):
    """Heavy work, or a file, at import time."""
    files = [path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py")]
    files = [path for path in files if "engine" not in path.parts and path.stem != "__main__"]
    names = [".".join(path.with_suffix("").parts) for path in files]
    modules = loaded("\n".join(f"import {name}" for name in names), home)
    assert "torch" not in modules
    assert list(home.iterdir()) == []
