"""Runs: where they lie, what they are called, who may write to them.

checkpoints/shakespeare/
    model.safetensors       the best weights, with everything it takes to use them
    training.safetensors    what only resuming the training needs
    *.1.safetensors         each of them as it was one save before, and so on: see --keep
    metrics.jsonl           every event of the run, one JSON object a line
    tensorboard/            with --tensorboard: what TensorBoard shows
    .lock                   held by the process that trains it
"""

import itertools
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from charrnn.errors import CheckpointError, TextError, UsageError, shortened, suggest
from charrnn.events import Emit, Noticed
from charrnn.files import checkpoints, plain_name, remove_temporary_files, sync_folder, versions
from charrnn.storage.checkpoint import About, Checkpoint, load_checkpoint
from charrnn.storage.container import begins_as_text
from charrnn.text.corpus import Corpus
from charrnn.text.corpus_files import find_corpus

if TYPE_CHECKING:
    from filelock import FileLock  # not needed for sampling

MODEL, TRAINING, METRICS = "model.safetensors", "training.safetensors", "metrics.jsonl"
FILES = MODEL, TRAINING, METRICS
LOCK, TENSORBOARD = ".lock", "tensorboard"

State = Literal["training", "no checkpoint", "no model", "model only", "saved"]

_BEGIN = "Begin with: charrnn train YOUR.txt"

T = TypeVar("T")


def load_run(name: str | Path | None, emit: Emit) -> Checkpoint:
    """The model of a run, by its name, folder, file or URL; None: of the run trained last.

    Where a run's model is damaged, the version before it is loaded and a notice emitted.
    CheckpointError if no version is whole.
    """
    path = find(name, emit=emit)
    one_file = name is not None and Path(name) == path
    checkpoint = load_checkpoint(path) if one_file else load_newest(path, load_checkpoint, emit)
    is_here = path.parent.parent.resolve() == checkpoints().resolve()
    return replace(checkpoint, run=path.parent.name) if is_here else checkpoint  # it may be renamed


def load_newest(path: Path, load: Callable[[Path], T], emit: Emit, *, restore: bool = False) -> T:
    """What `load` makes of a file, or of the newest version of it that is whole.

    `restore` puts that version in the place of the damaged file, which would otherwise become the
    version before the next save. Only for the holder of the lock.
    """
    damaged: CheckpointError | None = None
    for version in versions(path):
        try:
            loaded = load(version)
        except CheckpointError as error:
            damaged = damaged or error
            continue
        if damaged:
            emit(Noticed(f"{damaged.message}. Using the version before it, {version.name}."))
        if restore and version != path:
            os.replace(version, path)
        return loaded
    assert damaged, "there is at least one version"
    raise damaged


def corpus_of(about: About, otherwise: str) -> Corpus:
    """The corpus that a model was trained on, split as it was then. TextError if it is missing.

    `otherwise`: what to do without it.
    """
    if not about.corpus_key:
        raise TextError(
            f"run {about.run} was imported, and has no corpus here",
            f"{otherwise[0].upper()}{otherwise[1:]}.",
        )
    corpus = find_corpus(about.corpus_key)
    if corpus is None:
        raise TextError(
            f"the corpus of run {about.run}, {about.corpus}, is not here",
            f"Prepare its text again, or {otherwise}.",
        )
    return corpus.with_split(about.text.split)


def run_folders(*kinds: str) -> list[Path]:
    """The folders of the runs that have a model, or one of these files, by when they changed."""
    folders = {
        path.parent for kind in kinds or (MODEL,) for path in checkpoints().glob(f"[!.]*/{kind}")
    }

    def modified(folder: Path) -> float:
        paths = [folder / name for name in FILES]
        return max((path.lstat().st_mtime for path in paths if path.exists()), default=0.0)

    return sorted(sorted(folders), key=modified)


def is_text(word: str) -> bool:
    """Whether the one word after `charrnn eval` is a text to score, not a run."""
    if os.path.isfile(checkpoints() / word / MODEL) or word.endswith(".safetensors"):
        return False
    return word == "-" or (os.path.exists(word) and not os.path.isdir(word))


def find(name: str | Path | None, kind: str = MODEL, emit: Emit = lambda _: None) -> Path:
    """Such a file of a run, by the run's name, folder, file or URL; None: of the last run.

    CheckpointError lists the runs there are.
    """
    if kind == MODEL and re.match("https?://", str(name), re.IGNORECASE):
        from charrnn.storage.shared_models import fetched_model

        return fetched_model(str(name), emit)
    folders = run_folders(kind)
    if name is None:
        if not folders:
            raise CheckpointError("nothing has been trained here yet", _BEGIN)
        return folders[-1] / kind
    with suppress(OSError):  # too long for a name
        for path in (checkpoints() / name / kind, Path(name) / kind, Path(name)):
            if path.is_file() and kind in (MODEL, path.name) and not begins_as_text(path):
                return path
        _explain_missing(checkpoints() / name, kind)
    raise no_run(str(name), folders)


def no_run(name: str, folders: Iterable[Path]) -> CheckpointError:
    """The error for a name that none of the runs in these folders has, or for that of a text."""
    names = [folder.name for folder in folders]
    listed = f"Runs here: {', '.join(names)}." if names else f"No runs here. {_BEGIN}"
    if os.path.isfile(name) and begins_as_text(Path(name)):
        called = re.compile(rf"{re.escape(plain_name(Path(name).stem))}(-\d+)?")
        its_own = [run for run in names if called.fullmatch(run)]
        hint = f"Its run is {its_own[-1]}." if its_own else f"To train one: charrnn train {name}"
        return CheckpointError(f"{shortened(name)} is a text, not a run", hint)
    hint = f"{suggest(name, names)} {listed}".strip()
    return CheckpointError(f"there is no run {shortened(name)}", hint)


def _explain_missing(folder: Path, kind: str) -> None:
    """CheckpointError for a run that is there, but has no such file."""
    state, name = run_state(folder), folder.name
    if state == "training" and kind == MODEL:
        raise CheckpointError(
            f"run {name} is being trained and has no model yet", "Wait for its first validation."
        )
    if state == "no model":
        hint = f"Train it first: charrnn train --resume --run {name}"
        raise CheckpointError(f"run {name} has no model yet", hint)
    if state == "model only" and kind == TRAINING:
        hint = f"To train, start another run from it: charrnn train TEXT --from {name}"
        raise CheckpointError(f"run {name} has no {TRAINING} to resume from", hint)


def run_state(folder: Path) -> State:
    """What can be done with a run."""
    if is_locked(folder):
        return "training"
    model, training = ((folder / name).is_file() for name in (MODEL, TRAINING))
    if model:
        return "saved" if training else "model only"
    return "no model" if training else "no checkpoint"


def check_new(name: str | None) -> None:
    """UsageError if a new run cannot have that name: it is taken, or not a plain name."""
    if name is None:
        return
    if name != plain_name(name):
        raise UsageError(
            f"{shortened(name)!r} cannot be the name of a run",
            f"Use up to 64 letters, digits, '.', '_' and '-', such as {plain_name(name)!r}.",
        )
    if _in_use(checkpoints() / name):
        raise UsageError(
            f"there is already a run {name}",
            f"Choose another name; or resume it: charrnn train --resume --run {name}",
        )


def _in_use(folder: Path) -> bool:
    """Whether a folder holds more than a run leaves that was killed before its first save."""
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    left = re.compile(rf"{re.escape(METRICS)}|{re.escape(LOCK)}|{TENSORBOARD}|\..*\.tmp")
    return not all(map(left.fullmatch, names))


def lock(folder: Path) -> "FileLock":
    """Keep other processes from a run, for as long as the lock lives; a dead process holds none.

    UsageError if another process trains it.
    """
    from filelock import FileLock, Timeout

    held = FileLock(folder / LOCK, blocking=False)
    try:
        held.acquire()
    except Timeout:
        raise UsageError(
            f"run {folder.name} is already being trained, by another process",
            "Wait until it ends, or stop it; a new run needs another name.",
        ) from None
    return held


def is_locked(folder: Path) -> bool:
    """Whether a process trains the run now."""
    path = folder / LOCK
    if not path.is_file() or path.is_symlink():
        return False
    try:
        lock(folder).release()
    except (UsageError, OSError):
        return True
    return False


def new_folder(name: str | None, corpus: str) -> "tuple[Path, FileLock]":
    """A new folder for a run, locked: of that name, or called after its corpus and numbered."""
    root = checkpoints()
    root.mkdir(parents=True, exist_ok=True)
    names = (f"{corpus}-{number}" if number > 1 else corpus for number in itertools.count(1))
    for candidate in [name] if name else names:
        folder = root / candidate
        try:
            folder.mkdir(exist_ok=candidate == name)
        except FileExistsError:
            if name:
                raise
            continue
        held = lock(folder)
        check_new(name)  # another process may have been quicker
        remove_temporary_files(folder)
        sync_folder(root)
        break
    return folder, held
