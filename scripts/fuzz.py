"""Mutate files by the thousand and load each: `python -m scripts.fuzz 20000`, in .venv.

Every one has to load, or to be refused with a sentence, within 5 seconds and 1 GB more than the
process had. What does neither is written to `fuzzed/` and ends the script with 1.
"""

import argparse
import collections
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

from tests.conftest import SMALL, run_charrnn, tale
from tests.fuzzing import Fuzz

_SECONDS, _BYTES = 5, 1 << 30


def share(trained: Path, seeds: range, failures: Path) -> collections.Counter[tuple[str, str]]:
    """Try the mutations of these seeds in this process. (kind, outcome) -> how many."""
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    with tempfile.TemporaryDirectory() as home:
        os.environ["CHARRNN_HOME"] = home
        fuzz = Fuzz(trained, Path(home))
        kinds = list(fuzz.kinds)
        fuzz.attempt(kinds[1], random.Random(0))  # what is loaded at first use is loaded now
        size = int(Path("/proc/self/statm").read_text("utf-8").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + _BYTES, resource.RLIM_INFINITY))
        signal.signal(signal.SIGALRM, _late)
        for seed in seeds:
            kind = kinds[seed % len(kinds)]
            signal.alarm(_SECONDS)
            try:
                outcome = "loaded" if fuzz.attempt(kind, random.Random(seed)) else "refused"
            except (Exception, LateError):
                outcome = "failed"
                (failures / f"{seed}.txt").write_text(f"{kind}\n{traceback.format_exc()}", "utf-8")
            finally:
                signal.alarm(0)
            counts[kind, outcome] += 1
    return counts


class LateError(BaseException):
    """A file took too long. No code that loads a file catches it."""


def _late(*_: Any) -> None:
    raise LateError(f"it took more than {_SECONDS} s")


def main() -> None:
    """Fuzz, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="where to begin: others are tried")
    given = parser.parse_args()
    failures, begun = Path("fuzzed"), time.monotonic()
    failures.mkdir(exist_ok=True)
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        trained = Path(folder)
        (trained / "tale.txt").write_text(tale(4000), "utf-8")
        trained_run = run_charrnn(trained, "train", "tale.txt", "--steps", "20", *SMALL)
        assert trained_run.code == 0, trained_run.err
        parts = [range(n, min(n + 1000, given.seed + given.count))
                 for n in range(given.seed, given.seed + given.count, 1000)]  # fmt: skip
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            for done in as_completed(
                [pool.submit(share, trained, part, failures) for part in parts]
            ):
                counts += done.result()
                print(f"\r{counts.total():,} of {given.count:,}", end="", file=sys.stderr)
    kinds = sorted({kind for kind, _ in counts})
    print(file=sys.stderr)
    print(f"{'':12}{'loaded':>10}{'refused':>10}{'failed':>10}")
    for kind in [*kinds, "all"]:
        of = [counts[kind, outcome] if kind != "all" else sum(counts[k, outcome] for k in kinds)
              for outcome in ("loaded", "refused", "failed")]  # fmt: skip
        print(f"{kind:12}" + "".join(f"{number:10,}" for number in of))
    print(f"{time.monotonic() - begun:.0f} s")
    sys.exit(any(outcome == "failed" for _, outcome in counts))


if __name__ == "__main__":
    main()
