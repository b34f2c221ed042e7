"""Commands run in turns, in processes of their own, and their figures."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """A figure. `ratio` compares it with that of `than`, if there is one."""

    part: str
    name: str
    value: float
    unit: str
    ratio: float | None = None
    than: str = ""


@dataclass
class Options:
    """What all parts share: a folder to work in, and the options of the command line."""

    home: Path
    text: Path | None
    times: list[str]
    seeds: int
    runs: int
    megabytes: int
    data: Path
    rows: list[str]
    samples: int


@dataclass(frozen=True)
class Ran:
    """What a process printed, how long it took, and the most memory it held."""

    out: str
    seconds: float
    mebibytes: float


def process(*command: str, **environment: str) -> Ran:
    """Run a command to its end. CalledProcessError if it fails."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors:
        running = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True,
            stderr=errors,
        )  # fmt: skip
        assert running.stdout
        out = running.stdout.read()
        errors.seek(0)
        error = errors.read()
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command, out, error)
    return Ran(out, time.perf_counter() - begun, usage.ru_maxrss / 1024)


def python(module: str, *arguments: str, **environment: str) -> dict[str, float]:
    """`python -m module`, which prints one JSON object. No GPU: the plain loop knows none."""
    ran = process(sys.executable, "-m", module, *arguments, CUDA_VISIBLE_DEVICES="", **environment)
    figures: dict[str, float] = json.loads(ran.out)
    return figures


def charrnn(home: Path, *arguments: str) -> Ran:
    """Run the command, with its corpora and runs in that folder."""
    return process(sys.executable, "-m", "charrnn", *arguments, CHARRNN_HOME=str(home))


def charrnn_json(home: Path, *arguments: str) -> dict[str, Any]:
    """What the command prints with --json."""
    printed: dict[str, Any] = json.loads(charrnn(home, *arguments, "--json").out)
    return printed


def ratios(runs: int, ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, ...]:
    """(median of ours, median of theirs, median of the ratio of a pair), measured in turns.

    So a busy machine is busy for both.
    """
    pairs = [(ours(), theirs()) for _ in range(runs)]
    mine, other = zip(*pairs, strict=True)
    return (
        statistics.median(mine),
        statistics.median(other),
        statistics.median(a / b for a, b in pairs),
    )


def per_call(work: Callable[[], object], seconds: float = 1.0) -> float:
    """Median seconds that a call takes, once it is warm."""
    work()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 5:
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)
