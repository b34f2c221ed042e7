"""What TensorBoard shows of a run: its events as curves, texts and histograms.

The records are made here, of tensorboard's own messages. torch's `SummaryWriter` writes in a
thread, which prints a traceback when the disk refuses and leaves half a record, which hides the
rest; and it loads TensorFlow where that is installed.
"""

import errno
import os
import re
import time
from dataclasses import fields
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from charrnn.errors import MissingError, to_install
from charrnn.events import Evaluated, Event, Sampled, Saved, Started, Stepped, Unit
from charrnn.storage.metrics import Thinning
from charrnn.storage.runs import TENSORBOARD

if TYPE_CHECKING:  # loads torch, and the check comes before that
    from charrnn.training.record import Listeners
    from charrnn.training.run import Run

_BINS = 64  # of a histogram; TensorBoard shows about 30
_OF_A_STEP = ("loss", "learning_rate", "tokens_per_second", "epoch")
_NOT_SHOWN = re.compile(r"[^\n\t -~\x80-\ud7ff\ue000-\U0010ffff]")  # controls, surrogates


def tensorboard_listener() -> "Listeners":
    """The listener that writes for TensorBoard. MissingError where its package is missing."""
    try:
        import_module("tensorboard.summary.writer.record_writer")
    except ImportError:
        raise MissingError(
            "what TensorBoard shows is written by the package tensorboard, which is not installed",
            to_install("tensorboard", ", or leave out --tensorboard"),
        ) from None
    return {"TensorBoard": TensorBoard}


class TensorBoard:
    """Writes a run's events to `tensorboard/` in its folder, of its steps about a thousand.

    OSError where the disk refuses: what was written before stays whole, and the next event may be
    written again.
    """

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._unit: Unit = "character"
        self._thinning = Thinning()
        self._step = run.step
        self._path: Path | None = None
        self._file: IO[bytes] | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._unit = event.unit
        is_deleted = self._path is not None and not self._path.exists()
        if isinstance(event, Saved) and is_deleted:  # then the run's folder is there again
            self.close()
        if self._file is None:
            self._open()
        elif self._run.step < self._step:  # it has diverged and gone back
            self._write([self._restart()])
        self._step = self._run.step
        if self._thinning.keeps(event) and (values := self._values(event)):
            self._write([{"summary": {"value": values}, "step": self._step}])

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _open(self) -> None:
        """Begin a file. TensorBoard reads all of a folder, in the order of their names."""
        folder = self._run.plan.folder / TENSORBOARD
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"events.out.tfevents.{time.time_ns()}"
        self._file = open(self._path, "xb", buffering=0)  # noqa: SIM115  (closed by `close`)
        try:
            self._write([{"file_version": "brain.Event:2"}, self._restart()])
        except OSError:
            self.close()
            self._path.unlink(missing_ok=True)
            raise

    def _restart(self) -> dict[str, Any]:
        """Says that later steps are repeated: what was written of them is not drawn."""
        from tensorboard.compat.proto.event_pb2 import SessionLog

        first = self._run.step + 1 if self._run.step else 0
        return {"session_log": SessionLog(status=SessionLog.START), "step": first}

    def _write(self, events: list[dict[str, Any]]) -> None:
        """Append events, or nothing: a reader stops at half a record."""
        from tensorboard.compat.proto.event_pb2 import Event as Record
        from tensorboard.summary.writer.record_writer import RecordWriter

        assert self._file is not None
        records = BytesIO()
        for event in events:
            record = Record(wall_time=time.time(), **event)
            RecordWriter(records).write(record.SerializeToString())
        end = self._file.tell()
        try:
            if self._file.write(records.getvalue()) < records.tell():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self._file.truncate(end)
            self._file.seek(end)
            raise

    def _values(self, event: Event) -> list[Any]:
        """What is shown of an event, as messages of tensorboard's."""
        bits = f"bits_per_{self._unit}"
        match event:
            case Started():
                return [_text("settings", _settings(self._run))]
            case Stepped():
                figures = {name: getattr(event, name) for name in _OF_A_STEP}
                return _scalars("train", figures | {bits: event.scores[bits]})
            case Evaluated():
                best = event if event.best else self._run.best or event
                scores = {bits: event.scores[bits], f"best_{bits}": best.scores[bits]}
                weights = self._run.ema.model.export().items()
                histograms = [_histogram(f"weights/{name}", array) for name, array in weights]
                return _scalars("valid", {"loss": event.loss, **scores}) + histograms
            case Sampled():
                return [_text("sample", event.text)]
        return []


def preformatted(text: str) -> str:
    """Markdown that shows a text as it is, controls escaped: TensorBoard's viewer drops them."""
    escaped = _NOT_SHOWN.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    return "\n".join(f"    {line}" for line in escaped.split("\n"))


def _settings(run: "Run") -> str:
    """The corpus and the settings of a run, one a line."""
    lines = [f"corpus: {run.plan.corpus.folder.name}"]
    for settings in (run.model.settings, run.plan.train, run.plan.text):
        values = {field.name: getattr(settings, field.name) for field in fields(settings)}
        lines += [f"{name}: {value}" for name, value in values.items() if value is not None]
    return "\n".join(lines)


def _scalars(group: str, values: dict[str, float]) -> list[Any]:
    return [{"tag": f"{group}/{name}", "simple_value": value} for name, value in values.items()]


def _text(tag: str, text: str) -> dict[str, Any]:
    plugin = {"plugin_name": "text"}
    tensor = {
        "dtype": "DT_STRING",
        "string_val": [preformatted(text).encode()],
        "tensor_shape": {"dim": [{"size": 1}]},
    }
    return {"tag": tag, "metadata": {"plugin_data": plugin}, "tensor": tensor}


def _histogram(tag: str, array: NDArray[np.float32]) -> dict[str, Any]:
    values = array.ravel().astype(np.float64)
    counts, edges = np.histogram(values, _BINS)
    histogram = {
        "min": values.min(), "max": values.max(), "num": len(values), "sum": values.sum(),
        "sum_squares": values @ values, "bucket_limit": edges,
        "bucket": [0, *counts],  # each ends at its limit: the first has none
    }  # fmt: skip
    return {"tag": tag, "histo": histogram}
