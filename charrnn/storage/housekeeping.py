"""Runs are listed, removed, renamed and pruned: none of the latter while a process trains it.

A list is made of what metrics and models say of themselves. No weights are read.
"""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn.errors import UsageError
from charrnn.events import Measured, Unit
from charrnn.files import checkpoints, remove as remove_file, size_on_disk, sync_folder, versions
from charrnn.storage.container import UNREADABLE
from charrnn.storage.fitting_run import about_run
from charrnn.storage.metrics import curves_of, kept_model, read_events
from charrnn.storage.runs import (
    FILES,
    LOCK,
    MODEL,
    TRAINING,
    check_new,
    lock,
    no_run,
    run_folders,
    run_state,
)
from charrnn.text.corpus import Corpus

if TYPE_CHECKING:
    from filelock import FileLock

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

    `steps` are those that it has taken, `kept` is its best model, `changed` the time of its last
    change, in seconds since 1970.
    """

    run: str
    corpus: str
    network: str
    parameters: int | None
    steps: int | None
    kept: Measured | None
    unit: Unit
    state: str
    bytes_on_disk: int
    changed: float

    def record(self) -> dict[str, Any]:
        """As JSON has it: the figures of the kept model by their names, the time as ISO 8601."""
        values = vars(self) | {"changed": datetime.fromtimestamp(self.changed, UTC).isoformat()}
        del values["kept"]
        unknown = dict.fromkeys(("step", "part", "protocol", "loss", f"bits_per_{self.unit}"))
        return values | (self.kept.record() if self.kept else unknown)


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
    names = started.get("corpus", ""), started.get("network", started.get("model", ""))
    corpus, network = (str(name)[:_LONGEST] for name in names)
    if not started:  # a model that was copied here alone
        with suppress(*UNREADABLE):
            about = about_run(folder)
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
        kept=kept_model(events, curves.unit),
        unit=curves.unit,
        state=_state(folder, interrupted),
        bytes_on_disk=sum(file.st_size for file in files),
        changed=max((file.st_mtime for file in files), default=time.time()),
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
        raise no_run(name, folders.values())
    return folders[name]


def remove(names: Iterable[str]) -> int:
    """Remove runs; the bytes that they had. UsageError, and nothing is removed, if one is trained.

    CheckpointError if one does not exist.
    """
    folders = [run_folder(name) for name in dict.fromkeys(names)]
    held = [lock(folder) for folder in folders]
    size = sum(map(size_on_disk, folders))
    for folder, its_lock in zip(folders, held, strict=True):
        _while_locked(its_lock, partial(remove_file, folder))
    return size


def _while_locked(its_lock: "FileLock", change: Callable[[], object]) -> None:
    """Move or remove a run's folder. On Windows, which refuses that, its lock is released first."""
    try:
        change()
    except PermissionError:
        its_lock.release()
        change()


def runs_on(corpus: Corpus) -> list[str]:
    """The runs that need a corpus to be trained on. UsageError if one is being trained."""
    names = []
    for folder in run_folders(*FILES):
        if _needs(folder, corpus):
            if run_state(folder) == "training":
                raise UsageError(
                    f"run {folder.name} is being trained on {corpus.name}",
                    "Wait until it ends, or stop it.",
                )
            names.append(folder.name)
    return names


def _needs(folder: Path, corpus: Corpus) -> bool:
    """Whether a run was trained on a corpus; of one without a checkpoint the name decides."""
    for name in (TRAINING, MODEL):
        with suppress(*UNREADABLE):
            return about_run(folder, name).corpus_key == corpus.key
    started = [event for event in read_events(folder) if event.get("event") == "started"]
    return bool(started) and started[-1].get("corpus") == corpus.name


def rename(old: str, new: str) -> None:
    """Give a run another name. UsageError if that is taken, or if a process trains the run."""
    folder = run_folder(old)
    check_new(new)
    target = checkpoints() / new
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already", "Choose another name.")
    _while_locked(lock(folder), partial(os.rename, folder, target))
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
