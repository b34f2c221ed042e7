"""Runs side by side on stdout: a table and their learning curves."""

import json
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.text import Text

from charrnn.display.console import output_console
from charrnn.display.learning_curves import RunCurves, X, charts, styles
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted
from charrnn.display.wording import clock, plural

if TYPE_CHECKING:
    from charrnn.evaluation.comparison import Compared, Group  # which loads torch


class _Row(NamedTuple):
    """A row of the table: a run, or a group of runs that differ in their seed alone."""

    name: str
    runs: "Sequence[Compared]"

    @property
    def title(self) -> str:
        seeds = f" ({plural(len(self.runs), 'seed')})" if len(self.runs) > 1 else ""
        return f"{self.name}{seeds}"

    @property
    def part(self) -> str:
        return f"{self.runs[0].part} part of {escaped(self.runs[0].corpus)}"

    def mean(self, name: str) -> float | None:
        """The mean of a figure over the runs; None if it is not known of one of them."""
        values = [getattr(run, name) for run in self.runs]
        return None if None in values else statistics.fmean(values)

    def bits(self, unit: str) -> str:
        """'2.113', or of several runs with the sample standard deviation: '2.113 ± 0.012'."""
        values = [getattr(run, f"bits_per_{unit}") for run in self.runs]
        spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
        return f"{statistics.fmean(values):.3f}{spread}"

    def figures(self) -> list[str]:
        """Network, parameters, steps, time and tokens a second; empty where unknown."""
        steps, seconds = self.mean("steps"), self.mean("seconds")
        speed = self.mean("tokens_per_second")
        first = self.runs[0]
        return [
            f"{first.cell} {first.size}",
            f"{first.parameters:,}",
            "" if steps is None else f"{steps:,.0f}",
            "" if seconds is None else clock(seconds),
            "" if speed is None else f"{speed:,.0f}",
        ]


def _rows(groups: "Sequence[Group]") -> list[_Row]:
    """A row for each group; one whose name another has, too, is named after its first run."""
    names = [group.name for group in groups]
    return [
        _Row(group.name if names.count(group.name) == 1 else group.runs[0].run, group.runs)
        for group in groups
    ]


def curves_of(groups: "Sequence[Group]") -> list[RunCurves]:
    """The learning curves of all runs that have some, under the names of their rows."""
    return [
        RunCurves(row.title, run.corpus, run.curves)
        for row in _rows(groups) for run in row.runs if run.curves.training
    ]  # fmt: skip


def show_comparison(
    groups: "Sequence[Group]",
    as_json: bool,
    *,
    curves: bool = False,
    x: X = "time",
    together: bool = False,
) -> None:
    """Print groups of runs that differ in their seed alone, a row each, in the order given.

    Each has the colour and mark of its curve in the charts below. As JSON each run is an object,
    with its learning curves only if `curves`; then come the groups.
    """
    rows = _rows(groups)
    with stop_at_closed_pipe():
        if as_json:
            for record in _records(rows, curves):
                print(json.dumps(record), flush=True)
            return
        out = output_console()
        _print_table(out, rows)
        for chart in charts(curves_of(groups), x, together):
            out.print(chart)


def _records(rows: Sequence[_Row], curves: bool) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for run in (run for row in rows for run in row.runs):
        points = run.curves.record()
        figures = {name: value for name, value in run.record().items() if name not in points}
        records.append(figures | points if curves else figures)
    for row in (row for row in rows if len(row.runs) > 1):
        group: dict[str, Any] = {"group": row.name, "runs": [run.run for run in row.runs]}
        for name in ("bits_per_character", "bits_per_byte"):
            values = [getattr(run, name) for run in row.runs]
            group[name] = statistics.fmean(values)
            group[f"{name}_deviation"] = statistics.stdev(values)
        records.append(group)
    return records


def _print_table(out: Console, rows: Sequence[_Row]) -> None:
    """The table; what was scored stands above it, or above the rows of each part of a corpus."""
    units = {run.curves.unit for row in rows for run in row.runs}
    unit = "character" if units == {"character"} else "byte"  # which compares across tokenizers
    several = len({row.part for row in rows}) > 1
    where = "" if several else f" on the {rows[0].part}"
    out.print(Text(f"Bits per {unit}{where}, state carried", "dim"))
    style = styles([row.title for row in rows])
    cells: list[list[str | Text]] = []
    for number, row in enumerate(rows):
        if several and (number == 0 or row.part != rows[number - 1].part):
            cells.append(["", Text(row.part, "dim"), *[""] * 6])
        colour, mark = style[row.title]
        name = Text(escaped(row.title), colour)
        cells.append([Text(mark, colour), name, *row.figures(), Text(row.bits(unit), "bold")])
    speed = "tokens/s" if len(units) > 1 else "bytes/s" if unit == "byte" else "chars/s"
    heads = ("", "run", "network", "parameters", "steps", "time", speed, "bits")
    columns = [
        Column(head, values, left=n < 3, drop=n if 1 < n < 7 else 0, wraps=n == 1)
        for n, (head, values) in enumerate(zip(heads, zip(*cells, strict=True), strict=True))
    ]
    out.print(fitted(columns, out.width))
