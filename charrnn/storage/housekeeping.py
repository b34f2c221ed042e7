"""Runs are listed, removed, renamed and pruned: none of the latter while a process trains it.

A list is made of what metrics and models say of themselves. No weights are read.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.errors import CheckpointError, UsageError, suggest
from charrnn.events import Unit
from charrnn.files import checkpoints, remove as remove_file, size_on_disk, sync_folder, versions
from charrnn.storage.checkpoint import read_about
from charrnn.storage.container import read_metadata
from charrnn.storage.metrics import curves_of, read_events
from charrnn.storage.old_formats import upgraded_metadata
from charrnn.storage.runs import (
    FILES,
    LOCK,
    MODEL,
    TRAINING,
    check_new,
    lock,
    run_folders,
    run_state,
)

FINISHED = "finished"
_LONGEST = 200  # characters of a name that a file says
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


def overviews() -> list[Overview]:
    """All runs, the one trained last at the end."""
    listed = []
    for folder in run_folders(*FILES):
        try:
            listed.append(overview(folder))
        except OSError as error:  # one that is not ours must not hide the others
            reason = f"cannot be read: {error.strerror}"
            listed.append(
                Overview(folder.name, "", "", None, None, None, "character", reason, 0, 0.0)
            )
    return listed


def overview(folder: Path) -> Overview:
    """What the run in a folder is."""
    events, started, interrupted = list(read_events(folder)), dict[str, Any](), True
    for event in events:
        if event.get("event") == "started":
            started, interrupted = event, True
        elif event.get("event") == "finished":
            interrupted = bool(event.get("interrupted"))
    curves = curves_of(events)
    corpus, network = (str(started.get(name, ""))[:_LONGEST] for name in ("corpus", "model"))
    if not started:  # a model that was copied here alone
        with suppress(CheckpointError, OSError, ValueError, LookupError, TypeError):
            about = read_about(upgraded_metadata(read_metadata(folder / MODEL)))
            corpus, network = about.corpus, f"{about.model.cell} {about.model.size}"
    paths = [path for path in folder.rglob("*") if path.name != LOCK and not path.is_dir()]
    files = [path.lstat() for path in paths]
    parameters = started.get("parameters")
    steps = max((p.step for p in [*curves.training, *curves.validation]), default=None)
    return Overview(
        run=folder.name,
        corpus=corpus,
        network=network,
        parameters=parameters if isinstance(parameters, int) and parameters < 1e15 else None,
        steps=steps,
        bits=min((point.bits for point in curves.validation), default=None),
        unit=curves.unit,
        state=_state(folder, interrupted),
        bytes=sum(file.st_size for file in files),
        age=max(0.0, time.time() - max((file.st_mtime for file in files), default=time.time())),
    )


def _state(folder: Path, interrupted: bool) -> str:
    state = run_state(folder)
    if state == "training":
        return "training" if (folder / MODEL).is_file() else "training, no model yet"
    return _STATES.get(state, "interrupted" if interrupted else FINISHED)


def run_folder(name: str) -> Path:
    """The folder of a run. CheckpointError if there is none of that name."""
    folders = {folder.name: folder for folder in run_folders(*FILES)}
    if name not in folders:
        hint = f"{suggest(name, folders)} Runs here: {', '.join(sorted(folders)) or 'none'}."
        raise CheckpointError(f"there is no run {name}", hint.strip())
    return folders[name]


def remove(names: Iterable[str]) -> int:
    """Remove runs; the bytes that they had. UsageError, and nothing is removed, if one is trained.

    CheckpointError if one does not exist.
    """
    folders = [run_folder(name) for name in dict.fromkeys(names)]
    _held = [lock(folder) for folder in folders]
    size = sum(map(size_on_disk, folders))
    for folder in folders:
        remove_file(folder)
    return size


def rename(old: str, new: str) -> None:
    """Give a run another name. UsageError if that is taken, or if a process trains the run."""
    folder = run_folder(old)
    check_new(new)
    target = checkpoints() / new
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already", "Choose another name.")
    _held = lock(folder)
    os.rename(folder, target)
    sync_folder(target.parent)


def unneeded(name: str) -> list[Path]:
    """What a finished run no longer needs: all but its model and metrics.

    UsageError for a run that is not finished, or has no model.
    """
    folder = run_folder(name)
    state = overview(folder).state
    if state not in (FINISHED, "model only") or not (folder / MODEL).is_file():
        raise UsageError(
            f"run {name} is not finished: {state}",
            "Wait until it ends."
            if state.startswith("training")
            else f"Finish it: charrnn train --resume --run {name}; or remove it: "
            f"charrnn runs rm {name}",
        )
    training = folder / TRAINING
    return [path for path in (*versions(training), *versions(folder / MODEL)[1:]) if path.is_file()]


def prune(names: Iterable[str]) -> int:
    """Remove what finished runs no longer need; the bytes that it had. Errors as `unneeded`."""
    files = {name: unneeded(name) for name in names}
    _held = [lock(run_folder(name)) for name in files]
    size = 0
    for paths in files.values():
        size += sum(map(size_on_disk, paths))
        for path in reversed(paths):  # the oldest versions first: what is left is always in order
            path.unlink()
    return size
