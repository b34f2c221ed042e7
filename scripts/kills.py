"""Kill a run again and again, and compare it with one that was left alone.

One run trains to its end. Another, with the same settings, is killed (SIGKILL) at random moments,
every second time in the middle of a save, and resumed. It has to end with the same bytes of
weights; if not, the script ends with 1.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import load_file

from charrnn.storage.container import read_metadata
from charrnn.storage.runs import MODEL, TRAINING
from tests.conftest import tale

RUN = ("--run", "r", "--quiet")
Killed = Literal["training", "saving", "ended"]


def command(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """`charrnn train`, in its own home."""
    return subprocess.Popen(
        [sys.executable, "-m", "charrnn", "train", *arguments, *RUN],
        env={**os.environ, "CHARRNN_HOME": str(home)},
    )


def reached(home: Path) -> int:
    """The step of the last save."""
    path = home / "checkpoints" / "r" / TRAINING
    return int(read_metadata(path)["progress"]["step"]) if path.exists() else 0


def kill_once(process: subprocess.Popen[bytes], home: Path, saving: bool) -> Killed:
    """Kill it after a random time, or once a save has begun. What it was doing then."""
    folder, chance = home / "checkpoints" / "r", random.Random()
    while process.poll() is None and not (folder / TRAINING).exists():
        time.sleep(0.01)  # it is loading torch
    before = reached(home)
    while process.poll() is None and reached(home) == before:
        time.sleep(0.01)  # it must come further each time, or it would never end
    time.sleep(chance.random() / 2)
    caught = False
    while process.poll() is None:
        caught = any(path.name.endswith(".tmp") for path in os.scandir(folder))
        if caught or not saving:
            break
    ended = process.poll() is not None
    process.kill()
    process.wait()
    return "ended" if ended else "saving" if caught else "training"


def same(one: Path, other: Path) -> bool:
    """Whether two runs have the same model, and the same training state, to the last bit."""
    if (one / MODEL).read_bytes() != (other / MODEL).read_bytes():
        return False
    a, b = (load_file(folder / TRAINING) for folder in (one, other))
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def main() -> None:
    """Train both, and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        left_alone, killed = Path(folder) / "a", Path(folder) / "b"
        text = Path(folder) / "tale.txt"
        text.write_text(tale(100_000), "utf-8")
        length = ("--steps", str(120 * given.kills), "--save-every", "20", "--dropout", "0.1")
        begun = time.monotonic()
        if command(left_alone, str(text), *length).wait():
            sys.exit("the run that was left alone failed")
        print(f"left alone: {120 * given.kills} steps in {time.monotonic() - begun:.0f} s")
        kills = saves = 0
        process = command(killed, str(text), *length)
        while kills < given.kills:
            caught = kill_once(process, killed, saving=kills % 2 == 0)
            if caught == "ended":
                sys.exit("it ended too soon")
            kills, saves = kills + 1, saves + (caught == "saving")
            print(
                f"killed {kills} times, {saves} of them in a save, at step {reached(killed)}",
                flush=True,
            )
            process = command(killed, "--resume")
        if process.wait():
            sys.exit("the run that was killed failed")
        equal = same(*(home / "checkpoints" / "r" for home in (left_alone, killed)))
        print("the same, bit for bit" if equal else "NOT the same")
        sys.exit(not equal)


if __name__ == "__main__":
    main()
