"""The spine: the way of a character through the program, which `docs/how-it-works.md` walks."""

import ast
from collections.abc import Iterator
from pathlib import Path

from scripts.walk import SPINE
from tests.rooms import PACKAGE

REGISTRIES = ["cells/__init__.py", "text/tokenizers/__init__.py", "tasks/__init__.py"]
"""Lists of names: a reader of the spine need not open what they name."""
CONTRACTS = [
    "cells/parameters.py",  # what a declared parameter is
    "cells/functions.py",  # normalisation, which only --residual needs
    "network/units.py",  # what looking inside a layer finds
    "network/residual.py",  # what --residual adds to layers: nothing, without it
    "tasks/base.py",  # what a task promises to the loop
    "text/tokenizers/base.py",  # what a tokenizer promises
    "inference/utf8.py",  # the table of the Unicode standard
    "storage/container.py",  # tensors and a checksum: what files.py is to texts
    "text/input_shapes.py",  # what is stored in place of tokens
    "storage/old_formats.py",  # the names of an earlier version
]
BELOW = {"settings", "errors", "events", "files", "values"}


def imported(path: Path) -> Iterator[str]:
    """The files of the package that a file imports when it runs, as paths within it."""
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or id(node) in for_types:
            continue
        room, _, module = str(node.module).partition(".")
        if room != "charrnn" or module.partition(".")[0] in BELOW:
            continue
        for alias in node.names:
            parts = f"{module}.{alias.name}".strip(".").split(".")
            places = ["/".join(parts) + ".py", "/".join(parts[:-1]) + ".py"]
            found = [place for place in places if (PACKAGE / place).is_file()]
            yield found[0] if found else "/".join(parts[:-1]) + "/__init__.py"


def test_the_spine_imports_itself_only():
    """A loop that cannot be read without the rooms that save, show and recover."""
    allowed = {*SPINE, *REGISTRIES, *CONTRACTS}
    strays = {(name, other) for name in SPINE for other in imported(PACKAGE / name)}
    assert sorted(stray for stray in strays if stray[1] not in allowed) == []


def test_the_spine_is_read_in_an_evening():
    """A spine that grows by a convenience at a time, until nobody reads it."""
    lines = {name: len((PACKAGE / name).read_text("utf-8").splitlines()) for name in SPINE}
    assert sum(lines.values()) <= 2000, lines
