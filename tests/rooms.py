"""The rooms of the package, and the packages that only some of them may import."""

from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "charrnn"

OWNERS = {
    "constriction": {"extras/compress"},
    "torch": {"engine", "training", "evaluation", "extras/gradients", "extras/processes"},
    "rich": {"display", "extras/*/show"},
    "typer": {"cli", "extras/*/command"},
    "matplotlib": {"display"},
    "PIL": {"text"},
    "onnx": {"extras/export"},
    "tensorboard": {"extras/tensorboard"},
    "safetensors": {"storage", "training", "extras/importing"},
    "filelock": {"storage"},
    "sentencepiece": {"text"},
}


def room_of(path):
    """The folder or the file of a module as the tables above name it: cells, extras/export."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts[0] != "extras":
        return parts[0]
    name = parts[-1]
    return f"extras/*/{name}" if name in ("command", "show") else "/".join(parts[:2])
