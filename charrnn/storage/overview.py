"""The runs there are, from what their metrics and models say of themselves. No weights are read."""

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from charrnn.errors import CheckpointError
from charrnn.events import Unit
from charrnn.files import checkpoints
from charrnn.storage.checkpoint import read_about
from charrnn.storage.container import read_metadata
from charrnn.storage.metrics import curves_of, read_events
from charrnn.storage.old_formats import upgraded_metadata
from charrnn.storage.runs import LOCK, METRICS, MODEL, TRAINING, run_state

_STATES = {
    "no checkpoint": "nothing saved yet",
    "no model": "interrupted, no model yet",
    "model only": "model only",
}


@dataclass(frozen=True)
class Overview:
    """A run in a list; what is empty or None is unknown.

    `bits` per unit are those of the best validation, `bytes` those on disk, `age` the seconds since
    it last changed.
    """

    run: str
    corpus: str
    network: str
    parameters: int | None
    steps: int | None
    bits: float | None
    unit: Unit
    state: str
    bytes: int
    age: float

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def overviews() -> list[Overview]:
    """All runs, the one trained last at the end."""
    root = checkpoints()
    files = [path for name in (MODEL, TRAINING, METRICS) for path in root.glob(f"[!.]*/{name}")]
    latest: dict[Path, float] = {}
    for path in files:
        latest[path.parent] = max(latest.get(path.parent, 0.0), path.lstat().st_mtime)
    return [overview(folder) for folder in sorted(latest, key=lambda folder: latest[folder])]


def overview(folder: Path) -> Overview:
    """What the run in a folder is."""
    events, started, interrupted = list(read_events(folder)), dict[str, Any](), True
    for event in events:
        if event.get("event") == "started":
            started, interrupted = event, True
        elif event.get("event") == "finished":
            interrupted = bool(event.get("interrupted"))
    curves = curves_of(events)
    corpus, network = str(started.get("corpus", "")), str(started.get("model", ""))
    if not started:  # a model that was copied here alone
        with suppress(CheckpointError, OSError, ValueError, LookupError, TypeError):
            about = read_about(upgraded_metadata(read_metadata(folder / MODEL)))
            corpus, network = about.corpus, f"{about.model.cell} {about.model.size}"
    parameters = started.get("parameters")
    paths = [path for path in folder.rglob("*") if path.name != LOCK and not path.is_dir()]
    files = [path.lstat() for path in paths]
    steps = max((p.step for p in [*curves.training, *curves.validation]), default=None)
    return Overview(
        run=folder.name,
        corpus=corpus,
        network=network,
        parameters=parameters if isinstance(parameters, int) else None,
        steps=steps,
        bits=min((point.bits for point in curves.validation), default=None),
        unit=curves.unit,
        state=_state(folder, interrupted),
        bytes=sum(file.st_size for file in files),
        age=max(0.0, time.time() - max(file.st_mtime for file in files)),
    )


def _state(folder: Path, interrupted: bool) -> str:
    state = run_state(folder)
    if state == "training":
        return "training" if (folder / MODEL).is_file() else "training, no model yet"
    return _STATES.get(state, "interrupted" if interrupted else "finished")
