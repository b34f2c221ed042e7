"""Measure speed and quality in one run: a table to the terminal, JSON to a file.

python -m benchmarks                                    all but quality, in half an hour
python -m benchmarks --text shakespeare.txt --times 30s,110s    and quality
python -m benchmarks training sampling --runs 5         some parts, more often
python -m benchmarks published --data FOLDER            figures beside published ones, ten hours
python -m benchmarks published --data FOLDER --rows molecules --times 20m --seeds 1
"""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Row
from benchmarks.parts import Bench
from benchmarks.published import ROWS, TEXTS, lacking
from benchmarks.trials import Compared

PARTS = ("training", "sampling", "startup", "prepare", "processes", "growth", "cells", "quality")


def main() -> None:
    """Run the parts that are asked for."""
    given = arguments()
    rows: list[Row] = []
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(
            home=Path(home),
            text=given.text and given.text.resolve(),
            times=given.times,
            seeds=given.seeds,
            runs=given.runs,
            megabytes=given.megabytes,
            data=given.data,
            rows=given.rows,
            samples=given.samples,
        )
        for part in given.parts or PARTS:
            for row in getattr(bench, part)():
                rows.append(row)
                console.print(f"[dim]{row.part}[/]  {row.name}  {row.value:,.4g} {row.unit}")
                write(rows, given.json)
    for table in tables(rows):
        console.print(table)


def arguments() -> argparse.Namespace:
    """What the command line says. Ends the process if it makes no sense."""
    parser = flags()
    given = parser.parse_args()
    for part in {*given.parts} - {*PARTS, "published"}:
        parser.error(f"there is no part {part!r}")
    for row in {*given.rows} - {*ROWS}:
        parser.error(f"published has no row {row!r}")
    if "quality" in given.parts and not given.text:
        parser.error("quality is measured on a text of yours: give --text")
    if "published" in given.parts:
        if not given.data:
            parser.error("published reads and keeps data: give --data")
        given.data = given.data.resolve()
        for lack in filter(None, (lacking(row, given.data) for row in given.rows or ROWS)):
            parser.error(lack)
        given.data.mkdir(parents=True, exist_ok=True)
    return given


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("parts", nargs="*", help=f"published, or some of {', '.join(PARTS)} (default: these)")
    add("--text", type=Path, help="the text that quality is measured on")
    add("--times", type=several, default=[], help="how long quality and published train: 30s,10m")
    add("--seeds", type=int, default=3,
        help="runs that quality takes the mean of, and published the median: of more than half "
        "an hour one run")  # fmt: skip
    add("--rows", type=several, default=[],
        help=f"of published: some of {', '.join(ROWS)} (default: all)")  # fmt: skip
    add("--data", type=Path,
        help=f"a folder for published, with {' and '.join(TEXTS.values())}; what it downloads is "
        "kept there")  # fmt: skip
    add("--samples", type=int, default=30_000, help="molecules that published writes")
    add("--runs", type=int, default=3, help="pairs of which the median counts")
    add("--megabytes", type=int, default=300, help="what prepare reads; 8 times that too")
    add("--json", type=Path, default=Path("benchmark.json"), help="where to write")
    return parser


def several(names: str) -> list[str]:
    """What commas stand between."""
    return names.split(",")


def write(rows: Sequence[Row], file: Path) -> None:
    """Write what was measured so far, and on which machine."""
    machine = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "rows": [asdict(row) for row in rows],
    }
    file.write_text(json.dumps(machine, indent=1), "utf-8")


def tables(rows: Sequence[Row]) -> Iterator[Table]:
    """All rows: one table, and for each task and time of `published` one of its own."""
    plain = [row for row in rows if not isinstance(row, Compared)]
    if plain:
        table = Table("part", "figure", "", "", "ratio", "to", title="charrnn, measured")
        for row in plain:
            ratio = f"{row.ratio:.3g}" if row.ratio is not None else ""
            value = number(row.value, row.unit)
            table.add_row(row.part, row.name, value, row.unit, ratio, row.than)
        yield table
    compared = [row for row in rows if isinstance(row, Compared)]
    for (task, seconds, chosen), group in groupby(
        compared, lambda row: (row.trained, row.wall_seconds, row.chosen)
    ):
        title = f"{task}: {chosen}; {seconds:,.0f} s"
        table = Table("figure", "ours", "theirs", "whose", title=title)
        for row in group:
            theirs = "" if row.peer is None else number(row.peer, row.unit)
            figure = row.name.removeprefix(f"{task}: ") + (row.unit and f", {row.unit}")
            table.add_row(figure, number(row.value, row.unit), theirs, row.than)
        yield table


def number(value: float, unit: str) -> str:
    """Losses to the fourth place, others with four digits."""
    return f"{value:.4f}" if unit == "nats" else f"{value:,.4g}"


if __name__ == "__main__":
    main()
