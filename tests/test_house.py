"""The rooms of the package: who may import whom, and what a command may load."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.conftest import SMALL, tale
from tests.rooms import OWNERS, PACKAGE, room_of

# A room may import the rooms below it and itself.
ROOMS = [
    "__main__", "extras", "cli", "display", "training", "tasks", "evaluation", "network",
    "inference", "storage", "text", "cells", "recipes", "files", "settings", "values",
    "tables", "events", "errors", "__init__",
]  # fmt: skip


def imports():
    """(room, name of the module it imports) all over the package, also inside functions."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path == PACKAGE / "__init__.py":
            continue  # the Python interface imports what it calls, inside its functions
        room = room_of(path)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((room, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, "imports are absolute"
                yield room, str(node.module)


def test_imports_point_downward():
    """A cell that imports the training; a tokenizer that prints."""
    found = {(own.partition("/")[0], [*name.split("."), "__init__"][1])
             for own, name in imports() if name.split(".")[0] == "charrnn"}  # fmt: skip
    assert len(found) > 20
    assert [(a, b) for a, b in found if a != b and ROOMS.index(a) >= ROOMS.index(b)] == []


def test_heavy_packages_stay_in_their_rooms():
    """torch loaded by a look-up of a run's name."""
    for own, name in imports():
        top = name.split(".")[0]
        assert own in OWNERS.get(top, {own}), f"{own} imports {name}"


def loaded(code: str, cwd: Path) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after the code."""
    end = "\nimport sys; print('\\n' + ' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", code + end], cwd=cwd, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


CALLS = """
from charrnn.cli.main import main
import os, sys
for sys.argv, folder in {calls!r}:
    os.chdir(folder)
    try:
        main()
    except SystemExit as end:
        assert not end.code, end.code
    assert not {refused!r} & {{*sys.modules}}, sys.argv
"""


def loaded_by(*calls: tuple[str, Path], refused: set[str]) -> set[str]:
    """The modules that commands, each in its folder, load one after the other."""
    found = [(["charrnn", *args.split()], str(folder)) for args, folder in calls]
    return loaded(CALLS.format(calls=found, refused=refused), calls[0][1])


COMMANDS = ["", "train", "sample", "prepare", "eval", "compare", "sweep", "plot", "inspect",
            "probe", "gradients", "classify", "export", "runs", "runs rm", "corpora",
            "corpora show", "import", "compress", "decompress", "predict"]  # fmt: skip


def test_help_loads_neither_torch_nor_numpy(home):
    """Help that takes as long as training takes to start."""
    calls = [(f"{command} --help", home) for command in COMMANDS]
    assert "typer" in loaded_by(*calls, refused={"torch", "numpy", "safetensors"})


def test_sampling_loads_neither_torch_nor_rich(trained):
    """A sampler that is slow to start."""
    assert "numpy" in loaded_by(("sample --length 5", trained), refused={"torch", "rich"})


def test_torch_does_not_load_its_compiler(home, trained):
    """A call that imports it (it needs sympy), which takes nearly as long as torch itself.

    Nor is what --tensorboard needs loaded without it.
    """
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    train = " ".join(["train tale.txt --steps 2", *SMALL])
    calls = (train, home), ("eval --dynamic", trained)
    assert "torch" in loaded_by(*calls, refused={"sympy", "tensorboard"})


def test_nothing_happens_at_import(home):
    """Heavy work, or a file, at import time."""
    files = [p for p in PACKAGE.rglob("*.py") if room_of(p) not in {*OWNERS["torch"], "__main__"}]
    names = [".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts) for p in files]
    modules = loaded("\n".join(f"import {name}" for name in names), home)
    assert "torch" not in modules
    assert list(home.iterdir()) == []
