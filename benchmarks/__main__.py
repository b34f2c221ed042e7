"""Measure speed and quality in one run: a table to the terminal, JSON to a file.

python -m benchmarks                                    all but quality, in half an hour
python -m benchmarks --text shakespeare.txt --times 30s,110s    and quality
python -m benchmarks training sampling --runs 5         some parts, more often
"""

import argparse
import json
import os
import platform
import tempfile
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.parts import Bench

PARTS = ("training", "sampling", "startup", "prepare", "processes", "growth", "cells", "quality")


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--text", type=Path, help="the text that quality is measured on")
    parser.add_argument("--times", default="30s,110s,10m", help="how long quality trains")
    parser.add_argument("--seeds", type=int, default=3, help="runs that quality takes the mean of")
    parser.add_argument("--runs", type=int, default=3, help="pairs of which the median counts")
    parser.add_argument(
        "--megabytes", type=int, default=300, help="what prepare reads; 8 times that too"
    )
    parser.add_argument("--json", type=Path, default=Path("benchmark.json"), help="where to write")
    given = parser.parse_args()
    for part in set(given.parts) - set(PARTS):
        parser.error(f"there is no part {part!r}")
    if "quality" in given.parts and not given.text:
        parser.error("quality is measured on a text of yours: give --text")
    rows = []
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(
            home=Path(home),
            text=given.text and given.text.resolve(),
            times=given.times.split(","),
            seeds=given.seeds,
            runs=given.runs,
            megabytes=given.megabytes,
        )
        for part in given.parts or PARTS:
            for row in getattr(bench, part)():
                rows.append(row)
                console.print(f"[dim]{row.part}[/]  {row.name}  {row.value:,.4g} {row.unit}")
    table = Table("part", "figure", "", "", "ratio", "to", title="charrnn, measured")
    for row in rows:
        ratio = f"{row.ratio:.3g}" if row.ratio is not None else ""
        value = f"{row.value:.4f}" if row.unit == "nats" else f"{row.value:,.4g}"
        table.add_row(row.part, row.name, value, row.unit, ratio, row.than)
    console.print(table)
    machine = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "rows": [asdict(row) for row in rows],
    }
    given.json.write_text(json.dumps(machine, indent=1), "utf-8")


if __name__ == "__main__":
    main()
