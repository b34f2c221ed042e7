"""A run's `metrics.jsonl`: its events as they happened, and the learning curves read from them.

Each line is an event as `Event.record` gives it, with `time`, the wall-clock time in UTC.
"""

import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, get_args

from charrnn.events import (
    Curves,
    Evaluated,
    Event,
    Finished,
    Measured,
    Planned,
    Point,
    Saved,
    Stepped,
    Unit,
)
from charrnn.storage.container import UNREADABLE
from charrnn.storage.runs import METRICS

_LINE, _LONGEST = 1 << 16, 1 << 26  # bytes of metrics that are read: ours are far fewer
_EVENTS = 1 << 20  # that are read at most
_POINTS = 1000  # steps that are written of a run
_WORDS, _LAST_STEP = 80, 10**12  # letters of a part or a protocol; steps of a run
_LARGEST = 1e15  # of what a point says: an axis of larger numbers overflows
_NO_SCORES = {"elapsed", *(field.name for kind in (Evaluated, Finished) for field in fields(kind))}


class Thinning:
    """Chooses the events of a run to write: of its steps about a thousand, and all others."""

    def __init__(self) -> None:
        self._interval = 1  # steps between two that are written
        self._next = 0

    def keeps(self, event: Event) -> bool:
        """Whether to write the next event."""
        if isinstance(event, Planned):
            self._interval = max(1, event.total_steps // _POINTS)
        if isinstance(event, Stepped):
            if self._next - self._interval <= event.step < self._next:  # lower: the run went back
                return False
            self._next = event.step + self._interval
        return True


class Metrics:
    """Writes events to a run's `metrics.jsonl`, of its steps about a thousand."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS
        with _open(self._path, "a+b") as file:
            if end := file.tell():  # a killed run may have been in the middle of a line
                file.seek(end - 1)
                file.write(b"" if file.read() == b"\n" else b"\n")
        self._file = _open(self._path, "ab")
        self._thinning = Thinning()

    def __call__(self, event: Event) -> None:
        if not self._thinning.keeps(event):
            return
        if isinstance(event, Saved) and not self._path.exists():  # its folder had been deleted
            old, self._file = self._file, _open(self._path, "ab")
            old.close()
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._file.write(json.dumps({**event.record(), "time": now}).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_curves(folder: Path, last_step: int = _LAST_STEP) -> Curves:
    """The learning curves of a run up to a step."""
    return curves_of(read_events(folder), last_step)


def read_events(folder: Path) -> Iterator[dict[str, Any]]:
    """The events of a run as JSON objects; malformed lines are skipped."""
    size = 0
    with suppress(OSError), _open(folder / METRICS, "rb") as file:
        for _ in range(_EVENTS):
            line = file.readline(_LINE)
            size += len(line)
            if not line or size > _LONGEST:
                break
            with suppress(ValueError, RecursionError):
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event


def curves_of(events: Iterable[dict[str, Any]], last_step: int = _LAST_STEP) -> Curves:
    """The learning curves in a run's events up to a step; those without figures are skipped."""
    curves = Curves([], [])
    for event in events:
        with suppress(*UNREADABLE):
            if event["event"] == "started" and event.get("unit") in get_args(Unit):
                curves = Curves(curves.training, curves.validation, event["unit"])
            _add_point(curves, event, last_step)
    return curves


def kept_model(events: Iterable[dict[str, Any]], unit: Unit) -> Measured | None:
    """The model that a run has kept, as its events say: the best one, scored again at the end."""
    kept = None
    for event in events:
        with suppress(*UNREADABLE):
            is_final = event["event"] == "finished" and "steps" in event  # older files lack it
            if is_final or (event["event"] == "evaluated" and event["best"] is True):
                kept = _measured(event, unit)
    return kept


def _measured(event: dict[str, Any], unit: Unit) -> Measured:
    """KeyError, TypeError or ValueError where the event says no such thing."""
    scores = {
        name: float(value)
        for name, value in event.items()
        if name not in _NO_SCORES and type(value) in (int, float) and math.isfinite(value)
    }
    bits = scores.get(f"bits_per_{unit}", scores.get("bits_per_character"))
    if bits is None or not 0 <= event["step"] < _LAST_STEP or not math.isfinite(event["loss"]):
        raise ValueError("it measures nothing")
    protocol = str(event.get("protocol", ""))[:_WORDS]
    return Measured(
        int(event["step"]), str(event.get("part", "valid"))[:_WORDS], protocol,
        float(event["loss"]), {f"bits_per_{unit}": bits} | scores,
    )  # fmt: skip


def _add_point(curves: Curves, event: dict[str, Any], last_step: int) -> None:
    curve = {"stepped": curves.training, "evaluated": curves.validation}[event["event"]]
    rate = event.get("tokens_per_second", event.get("characters_per_second"))
    bits = f"bits_per_{curves.unit}"
    bits = bits if bits in event else "bits_per_character"  # older files lack that of bytes
    point = Point(
        step=int(event["step"]),
        epoch=float(event.get("epoch") or 0),
        seconds=float(event["seconds"] if "seconds" in event else event["elapsed"]),  # older files
        bits=float(event[bits]),
        rate=None if rate is None else float(rate),
    )
    while curve and curve[-1].step >= point.step:  # the run went back, or was killed and resumed
        curve.pop()
    values = (point.epoch, point.bits, point.seconds, point.rate or 0.0)
    if all(abs(value) < _LARGEST for value in values) and 0 < point.step <= last_step:
        curve.append(point)


def _open(path: Path, mode: str) -> IO[bytes]:
    """Open a run's file, but not through a link, which could lead anywhere."""

    def opener(name: str, flags: int) -> int:
        safely = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # nor wait for a pipe
        return os.open(name, flags | safely, 0o666)

    buffering = -1 if mode == "rb" else 0
    file: IO[bytes] = open(path, mode, buffering, opener=opener)  # noqa: SIM115  (the caller closes it; Path.open takes no opener)
    return file
