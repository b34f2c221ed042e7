"""The rooms of the package: who may import whom, and the packages that only some may import."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "charrnn"

ARROWS = {
    "errors": "",
    "events": "",
    "tables": "",
    "values": "",
    "files": "",
    "settings": "errors values",
    "recipes": "",
    "text": "errors events files settings values",
    "cells": "settings",
    "network": "cells settings",
    "inference": "cells errors events network settings text",
    "tasks": "cells errors events inference network settings tables text",
    "storage": "errors events files inference settings tasks text",
    "engine": "cells errors network settings tasks",
    "display": "errors events files settings tables",
    "models": "errors events inference network settings storage tasks text",
    "evaluation": "cells engine errors events inference network settings storage tasks text",
    "training": "cells engine errors evaluation events files network settings storage tasks text",
    "cli": "display engine errors evaluation events files inference models network recipes"
           " settings storage text training values",
    "interface": "cli display errors events inference models settings storage tasks text training",
    "extras": "cells cli display engine errors evaluation events files inference interface models"
              " network settings storage tables tasks text training values",
    "__init__": "cli",
    "__main__": "cli",
}  # fmt: skip
"""The rooms that each room imports, also inside functions: each only rooms above its own line.

`__init__` is the Python interface. That everyone may take the version from it counts for nothing.
"""

OWNERS = {
    "constriction": {"extras/compress"},
    "torch": {"engine", "training", "evaluation"}
    | {f"extras/{extra}" for extra in ("comparing", "gradients", "processes")},
    "rich": {"display", "extras/*/show"},
    "typer": {"cli", "extras/*/command"},
    "IPython": {"display"},
    "matplotlib": {"display"},
    "PIL": {"text"},
    "soundfile": {"text"},
    "soxr": {"text"},
    "onnx": {"extras/export"},
    "tensorboard": {"extras/tensorboard"},
    "safetensors": {"storage", "training", "extras/importing"},
    "filelock": {"storage"},
    "sentencepiece": {"text"},
}
"""The rooms that may import a package, where not all may."""


def room_of(path: Path) -> str:
    """The folder or the file of a module as OWNERS names it: cells, extras/export."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts[0] != "extras":
        return parts[0]
    name = parts[-1]
    return f"extras/*/{name}" if name in ("command", "show") else "/".join(parts[:2])


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its name, such as charrnn.cells.lstm, parsed."""
    return {
        _name(path): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))
    }


def path_of(module: str) -> Path:
    """The file of a module."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(module: str) -> Iterator[str]:
    """What a module imports, also inside functions, but not for types alone, by full names."""
    for node in _executed(modules()[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: write imports as absolute ones"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in modules() else str(node.module) for name in names)


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those below `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        typed = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not typed:
            yield node
            yield from _executed(node)


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
