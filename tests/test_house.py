"""The rooms of the package: who may import whom, how large code may be, what a command may load."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from charrnn.settings import TaskName
from tests.conftest import SMALL, tale
from tests.rooms import ARROWS, OWNERS, PACKAGE, imports, modules, path_of, room_of

MOST_LINES, LEAST_LINES = 250, 30  # of a file
MOST_IN_FUNCTION, MOST_PARAMETERS = 40, 7

SMALL_FILES: dict[str, str] = {}
LARGE_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
MANY_PARAMETERS: dict[str, str] = {}
UNIONS: dict[str, str] = {}
NAMED_TASKS = {
    "charrnn.text.corpus": "a corpus of a text says so",
    "charrnn.text.corpus_files": "a damaged file of examples may say that it is a text's",
}
"""Exceptions by what they are, each with its reason. These tables only become shorter."""


def room(module: str) -> str:
    """charrnn.cells.lstm -> cells; charrnn itself -> __init__."""
    return [*module.split("."), "__init__"][1]


def test_rooms_import_along_the_arrows():
    """A cell that imports the training; a tokenizer that prints; an extra that the core needs."""
    taken = {(room(module), room(name)) for module in modules() for name in imports(module)
             if name.split(".")[0] == "charrnn"}  # fmt: skip
    drawn = {(own, other) for own, others in ARROWS.items() for other in others.split()}
    free = {(own, "__init__") for own in ARROWS} | {(own, own) for own in ARROWS}
    for own, other in sorted(taken - drawn - free):
        pytest.fail(f"{own} imports {other}: move what it needs down, or draw an arrow")
    assert sorted(drawn - taken) == [], "arrows that nothing takes: delete them"
    order = [*ARROWS]
    assert not [a for a in sorted(drawn) if order.index(a[0]) <= order.index(a[1])], "upward"


def test_no_two_modules_import_each_other():
    """Two files that can only be read, and changed, together."""
    known = {module: {*imports(module)} & {*modules()} for module in modules()}
    mutual = [(a, b) for a, names in known.items() for b in names if a < b and a in known[b]]
    assert mutual == [], "join them, or move what both need into a third"


def test_heavy_packages_stay_in_their_rooms():
    """torch loaded by a look-up of a run's name."""
    for module in modules():
        own = room_of(path_of(module))
        for name in imports(module):
            top = name.split(".")[0]
            assert own in OWNERS.get(top, {own}), f"{module} imports {name}"


def test_files_are_a_page_or_two():
    """A file that nobody reads to its end; one that only another file calls."""
    counts = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8").count("\n")
              for path in PACKAGE.rglob("*.py")}  # fmt: skip
    large = {name for name, lines in counts.items() if lines > MOST_LINES}
    assert large == {*LARGE_FILES}, "divide by what changes together, or shorten the table"
    small = {name for name, lines in counts.items() if lines < LEAST_LINES
             and Path(name).name not in ("__init__.py", "__main__.py")}  # fmt: skip
    assert small == {*SMALL_FILES}, "join it with the file that calls it, or shorten the table"


def functions():
    """(its full name, the function) all over the package."""
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                yield f"{module}.{node.name}", node


def is_command(name: str) -> bool:
    """Whether a function is read by Typer, whose flags are parameters."""
    return name.startswith("charrnn.cli.") or ".command." in name


def test_functions_are_a_screen():
    """A function that has to be scrolled, or called with a list of seven things and an eighth."""
    long, wide = set(), set()
    for name, node in functions():
        first = node.body[0]
        documented = ast.get_docstring(node) is not None
        lines = node.end_lineno - node.lineno + 1
        lines -= first.end_lineno - first.lineno + 1 if documented else 0
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = len([a for a in arguments if a.arg not in ("self", "cls")])
        if lines > MOST_IN_FUNCTION and not is_typer_command(name, node):
            long.add(name)
        if count > MOST_PARAMETERS and not is_typer_command(name, node):
            wide.add(name)
    assert long == {*LONG_FUNCTIONS}, "take a part out that has a name, or shorten the table"
    assert wide == {*MANY_PARAMETERS}, "put what goes together into one object"


def is_typer_command(name: str, node: ast.FunctionDef) -> bool:
    """Whether Typer reads a function's parameters as flags: those of a command are annotated."""
    return is_command(name) and not node.name.startswith("_") and "json" in {
        argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}  # fmt: skip


def test_a_function_returns_one_type():
    """A caller that must ask what it got."""
    several = set()
    for name, node in functions():
        written = node.returns
        if isinstance(written, ast.Constant) and isinstance(written.value, str):
            written = ast.parse(written.value, mode="eval").body
        kinds = []
        while isinstance(written, ast.BinOp) and isinstance(written.op, ast.BitOr):
            kinds, written = [*kinds, written.right], written.left
        kinds = [ast.unparse(kind) for kind in [*kinds, written] if kind is not None]
        if len({*kinds} - {"None"}) > 1:
            several.add(name)
    assert several == {*UNIONS}, "return a base class or a protocol, or shorten the table"


def compared_or_named_task(tree: ast.Module):
    """The texts that code compares with something, or gives to something called `task`."""
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.keyword) and node.arg == "task":
            parts = [node.value]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [node.value] if "task" in map(ast.unparse, targets) else []
        elif isinstance(node, ast.arguments):
            defaults = zip(node.args[::-1], node.defaults[::-1], strict=False)
            parts = [value for argument, value in defaults if argument.arg == "task"]
        elif isinstance(node, ast.MatchValue):
            parts = [node.value]
        for part in filter(None, parts):
            yield from (n.value for n in ast.walk(part) if isinstance(n, ast.Constant))


def test_no_other_room_asks_which_task_it_is():
    """A sixth task, and twelve files to change."""
    naming = {module for module, tree in modules().items()
              if room(module) not in ("tasks", "settings")
              and {*get_args(TaskName)} & {*compared_or_named_task(tree)}}  # fmt: skip
    assert naming == {*NAMED_TASKS}, "ask the checkpoint or the task for a property"


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


def test_torch_does_not_load_its_compiler(home):
    """A call that imports it (it needs sympy), which takes nearly as long as torch itself.

    Nor is what --tensorboard needs loaded without it.
    """
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    train = " ".join(["train tale.txt --steps 2", *SMALL])
    calls = (train, home), ("eval --dynamic", home)
    assert "torch" in loaded_by(*calls, refused={"sympy", "tensorboard"})


def test_nothing_happens_at_import(home):
    """Heavy work, or a file, at import time."""
    heavy = {*OWNERS["torch"], "__main__"}
    names = [name for name in modules() if room_of(path_of(name)) not in heavy]
    heavy_loaded = loaded("\n".join(f"import {name}" for name in names), home)
    assert "torch" not in heavy_loaded
    assert list(home.iterdir()) == []
