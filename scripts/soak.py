"""Train through interruptions of all kinds, for 20 minutes: `python -m scripts.soak`.

A run is killed, interrupted and resumed at random, with other numbers of threads, on a small disk
(a tmpfs of its own where mounting is allowed; else files may not grow) that fills up and is freed
again. After each interruption the run has to be as far as it was or further, its model has to
write, and no command may have shown a traceback. If not, the script ends with 1.
"""

import argparse
import collections
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from charrnn.events import Event
from charrnn.storage.runs import TRAINING, load_newest
from charrnn.training.saving import read_training
from tests.conftest import SMALL, tale

_MEGABYTES = 24


@contextmanager
def small_disk() -> Iterator[tuple[Path, bool]]:
    """A folder on a disk of a few megabytes, and whether it is one: not everybody may mount."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_MEGABYTES}m", "tmpfs", folder]
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        try:
            yield Path(folder), mounted
        finally:
            if mounted:
                subprocess.run(["umount", "-l", folder], check=False)


def charrnn(home: Path, *arguments: str, threads: int = 1) -> subprocess.Popen[str]:
    """The command, with so many threads."""
    return subprocess.Popen(
        [sys.executable, "-m", "charrnn", *arguments], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "CHARRNN_HOME": str(home), "OMP_NUM_THREADS": str(threads)},
    )  # fmt: skip


class Soak:
    """One run and its lives."""

    def __init__(self, home: Path, mounted: bool) -> None:
        self.home, self.mounted = home, mounted
        self.chance = random.Random()
        self.step = 0
        self.happened: collections.Counter[str] = collections.Counter()

    def live(self, *arguments: str) -> None:
        """Train for some seconds, until an event ends the process."""
        event = self.chance.choice(["kill", "kill", "interrupt", "terminate", "full disk"])
        threads = self.chance.choice([1, 2, 4])
        process = charrnn(self.home, "train", *arguments, "--quiet", threads=threads)
        time.sleep(self.chance.uniform(2, 12))
        ballast = self.home / "ballast"
        if event == "full disk":
            if self.mounted:
                disk = os.statvfs(self.home)
                ballast.write_bytes(bytes(max(0, disk.f_bavail * disk.f_frsize - 4096)))
            elif process.poll() is None:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
            time.sleep(self.chance.uniform(1, 5))
        if process.poll() is None:
            ends = {"kill": signal.SIGKILL, "interrupt": signal.SIGINT}
            process.send_signal(ends.get(event, signal.SIGTERM))
        try:
            _, errors = process.communicate(timeout=120)
        finally:
            process.kill()  # one that hangs would be left behind
        ballast.unlink(missing_ok=True)
        self.happened[f"{event}, exit {process.returncode}"] += 1
        assert "Traceback" not in errors, errors
        self.check()

    def check(self) -> None:
        """The run is no less than it was."""
        path = self.home / "checkpoints" / "r" / TRAINING
        if not path.exists():
            assert self.step == 0
            return
        said: list[Event] = []
        data, _ = load_newest(path, read_training, said.append)
        assert data["progress"]["step"] >= self.step
        assert not said, said
        self.step = data["progress"]["step"]
        if self.step:
            out, errors = charrnn(self.home, "sample", "r", "--length", "50").communicate(
                timeout=60
            )
            assert len(out) == 50, errors


def main() -> None:
    """Train through all events, and print how often each came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    given = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job would ignore it
    end = time.monotonic() + 60 * given.minutes
    with small_disk() as (home, mounted):
        soak = Soak(home, mounted)
        text = home / "tale.txt"
        text.write_text(tale(50_000), "utf-8")
        begin = (str(text), "--run", "r", "--steps", "1000000", "--save-every", "20", *SMALL)
        while time.monotonic() < end:
            exists = (home / "checkpoints" / "r" / TRAINING).exists()
            soak.live(*(("--resume", "--run", "r") if exists else begin))
            print(f"\r{soak.happened.total()} lives, step {soak.step}  ", end="", file=sys.stderr)
        print(file=sys.stderr)
        print("a disk of its own" if mounted else "files that may not grow, for want of a disk")
        for event, count in sorted(soak.happened.items()):
            print(f"{count:5}  {event}")
        print(f"{soak.step} steps: nothing was lost")


if __name__ == "__main__":
    main()
