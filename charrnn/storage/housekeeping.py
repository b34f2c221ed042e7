"""Runs are removed, renamed and pruned. None that a process is training."""

import os
from collections.abc import Iterable
from pathlib import Path

from charrnn.errors import CheckpointError, UsageError, suggest
from charrnn.files import checkpoints, remove as remove_file, size_on_disk, sync_folder, versions
from charrnn.storage.overview import overview
from charrnn.storage.runs import METRICS, MODEL, TRAINING, check_new, lock

FINISHED = "finished"


def run_folder(name: str) -> Path:
    """The folder of a run. CheckpointError if there is none of that name."""
    folders = {
        path.parent.name: path.parent
        for kind in (MODEL, TRAINING, METRICS)
        for path in checkpoints().glob(f"[!.]*/{kind}")
    }
    if name not in folders:
        hint = f"{suggest(name, folders)} Runs here: {', '.join(sorted(folders)) or 'none'}."
        raise CheckpointError(f"there is no run {name}", hint.strip())
    return folders[name]


def remove(names: Iterable[str]) -> int:
    """Remove runs; the bytes that they had. UsageError, and nothing is removed, if one is trained.

    CheckpointError if one does not exist.
    """
    folders = [run_folder(name) for name in dict.fromkeys(names)]
    held = [lock(folder) for folder in folders]
    size = sum(map(size_on_disk, folders))
    for folder in folders:
        remove_file(folder)
    for one in held:
        one.release()
    return size


def rename(old: str, new: str) -> None:
    """Give a run another name. UsageError if that is taken, or if a process trains the run."""
    folder = run_folder(old)
    check_new(new)
    target = checkpoints() / new
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already", "Choose another name.")
    held = lock(folder)
    try:
        os.rename(folder, target)
        sync_folder(target.parent)
    finally:
        held.release()


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
    held = [lock(run_folder(name)) for name in files]
    size = 0
    for paths in files.values():
        size += sum(map(size_on_disk, paths))
        for path in reversed(paths):  # the oldest versions first: what is left is always in order
            path.unlink()
    for one in held:
        one.release()
    return size
