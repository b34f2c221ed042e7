"""Runs: where they lie, what they are called, who may write to them.

checkpoints/shakespeare/
    model.safetensors       the best weights, with all it takes to use them: this file alone
    training.safetensors    what only going on with the training needs
    *.1.safetensors         each of them as it was one save before, and so on: see --keep
    metrics.jsonl           every event of the run, one JSON object a line
    .lock                   held by the process that trains it
"""

import itertools
import json
import math
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from charrnn.errors import CheckpointError, UsageError, suggest
from charrnn.events import Curves, Emit, Event, Noticed, Planned, Point, Saved, Stepped
from charrnn.files import checkpoints, sweep, sync_folder, versions
from charrnn.store import Checkpoint, load_checkpoint

if TYPE_CHECKING:
    from filelock import FileLock  # sampling does without

MODEL, TRAINING, METRICS = "model.safetensors", "training.safetensors", "metrics.jsonl"
LOCK = ".lock"

_BEGIN = "Begin with: charrnn train YOUR.txt"
_LINE, _LONGEST = 1 << 16, 1 << 26  # bytes of metrics that are read: ours are far less

T = TypeVar("T")


def load_run(name: str | None, emit: Emit) -> Checkpoint:
    """The model of a run, by its name, its folder or its file; None: of the last run.

    Where a run's model is damaged, the one before it, and that is said. CheckpointError if there is
    none that is whole.
    """
    path = find(name)
    own = name is not None and Path(name) == path  # that file and no other
    return load_checkpoint(path) if own else newest(path, load_checkpoint, emit)


def newest(path: Path, load: Callable[[Path], T], emit: Emit, *, mend: bool = False) -> T:
    """What `load` makes of a file, or of the newest version of it that is whole.

    `mend` puts that version in the place of what is damaged, which would else become the version
    before the next. Only for who holds the lock.
    """
    damaged: CheckpointError | None = None
    for version in versions(path):
        try:
            found = load(version)
        except CheckpointError as error:
            damaged = damaged or error
            continue
        if damaged:
            emit(Noticed(f"{damaged.message}. Taking what was saved before it, {version.name}."))
        if mend and version != path:
            os.replace(version, path)
        return found
    assert damaged, "there is one version at least"
    raise damaged


def runs(kind: str = MODEL) -> list[Path]:
    """The folders of the runs that have such a file, the one trained last at the end."""
    folders = [path.parent for path in checkpoints().glob(f"*/{kind}")]

    def touched(folder: Path) -> float:
        files = [folder / name for name in (MODEL, TRAINING, METRICS)]
        return max((path.lstat().st_mtime for path in files if path.exists()), default=0.0)

    return sorted(folders, key=touched)


def names_a_text(word: str) -> bool:
    """Whether the one word after `charrnn eval` is a text to score, and no run."""
    in_home = checkpoints() / word / MODEL
    if in_home.is_file() or word.endswith(".safetensors"):
        return False
    return word == "-" or (Path(word).exists() and not Path(word).is_dir())


def find(name: str | None, kind: str = MODEL) -> Path:
    """Such a file of a run by its name, its folder or the file itself; None: the last run's.

    CheckpointError lists the runs there are.
    """
    there = runs(kind)
    if name is None:
        if not there:
            raise CheckpointError("nothing has been trained here yet", _BEGIN)
        return there[-1] / kind
    for path in (checkpoints() / name / kind, Path(name) / kind, Path(name)):
        if path.is_file():
            return path
    if (checkpoints() / name / TRAINING).is_file():
        hint = f"Train it first: charrnn train --resume --run {name}"
        raise CheckpointError(f"run {name} has no model yet", hint)
    if kind == TRAINING and (checkpoints() / name / MODEL).is_file():
        hint = "It can be sampled and evaluated; to train, begin another run."
        raise CheckpointError(f"run {name} has no {TRAINING} to go on from", hint)
    names = [path.name for path in there]
    listed = f"Runs here: {', '.join(names)}." if names else f"No runs here. {_BEGIN}"
    raise CheckpointError(f"there is no run {name}", f"{suggest(name, names)} {listed}".strip())


def check_new(name: str | None) -> None:
    """UsageError if a run cannot be called that: the name is taken, or is no plain name."""
    if name is None:
        return
    if not re.fullmatch(r"\w[\w.-]{0,63}", name):
        raise UsageError(f"{name!r} is no name for a run", "Use letters, digits, '.', '_' and '-'.")
    if holds_something(checkpoints() / name):
        raise UsageError(
            f"there is a run {name} already",
            f"Go on with it: charrnn train --resume --run {name}; or take another name.",
        )


def holds_something(folder: Path) -> bool:
    """Whether there is more in it than a run leaves that died before it had saved anything."""
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    left = re.compile(rf"{re.escape(METRICS)}|{re.escape(LOCK)}|\..*\.tmp")
    return not all(map(left.fullmatch, names))


def lock(folder: Path) -> "FileLock":
    """Keep a run to oneself, as long as the lock lives; a dead process holds none.

    UsageError if another process trains it.
    """
    from filelock import FileLock, Timeout

    held = FileLock(folder / LOCK, blocking=False)
    try:
        held.acquire()
    except Timeout:
        raise UsageError(
            f"run {folder.name} is being trained already, by another process",
            "Wait until it ends, or take another name (--run).",
        ) from None
    return held


def new(name: str | None, corpus: str) -> tuple[Path, "FileLock"]:
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
        sweep(folder)
        sync_folder(root)
        break
    return folder, held


def curves(name: str | None) -> Curves:
    """All of a run's, by its name, its folder or its file. CheckpointError if there is none."""
    return history(find(name).parent, 10**12)


def history(folder: Path, last: int) -> Curves:
    """The curves of a run up to a step, by its metrics; what makes no sense in them is skipped."""
    found: dict[str, list[Point]] = {"stepped": [], "evaluated": []}
    read = 0
    with suppress(OSError), _own(folder / METRICS, "rb") as file:
        while read < _LONGEST and (line := file.readline(_LINE)):
            read += len(line)
            try:
                event = json.loads(line)
                curve = found[event["event"]]
                rate = event.get("characters_per_second")
                rate = None if rate is None else float(rate)
                bits, seconds = float(event["bits_per_character"]), float(event["elapsed"])
                point = Point(int(event["step"]), seconds, bits, rate)
            except (
                ValueError,
                LookupError,
                TypeError,
                AttributeError,
                OverflowError,
                RecursionError,
            ):
                continue
            while curve and curve[-1].step >= point.step:  # taken back, or lost with a kill
                curve.pop()
            if math.isfinite(bits + seconds + (rate or 0.0)) and 0 < point.step <= last:
                curve.append(point)
    return Curves(found["stepped"], found["evaluated"])


class Metrics:
    """Writes events to a run's `metrics.jsonl`, steps only some thousand times a run."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS
        with _own(self._path, "a+b") as file:
            if end := file.tell():  # a killed run may have been in the middle of a line
                file.seek(end - 1)
                file.write(b"" if file.read() == b"\n" else b"\n")
        self._file = _own(self._path, "ab")
        self._apart = 1
        self._next = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Planned):
            self._apart = max(1, event.steps // 1000)
        if isinstance(event, Stepped):
            if self._next - self._apart <= event.step < self._next:  # earlier ones were taken back
                return
            self._next = event.step + self._apart
        if isinstance(event, Saved) and not self._path.exists():  # its folder had vanished
            gone, self._file = self._file, _own(self._path, "ab")
            gone.close()
        self._file.write(json.dumps(event.record()).encode() + b"\n")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _own(path: Path, mode: str) -> IO[bytes]:
    """Open a run's file, never through a link, which could lead anywhere."""

    def opener(name: str, flags: int) -> int:
        safely = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # nor wait for a pipe
        return os.open(name, flags | safely, 0o666)

    buffering = -1 if mode == "rb" else 0
    file: IO[bytes] = open(path, mode, buffering, opener=opener)  # noqa: SIM115  (the caller closes it; Path.open takes no opener)
    return file
