"""Runs side by side on stdout: a table and their learning curves."""

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.text import Text

from charrnn.display.console import output_console
from charrnn.display.learning_curves import RunCurves, X, charts, styles
from charrnn.display.stdout import escaped, stop_at_closed_pipe
from charrnn.display.tables import Column, fitted
from charrnn.display.wording import clock, plural, score_name

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

    @property
    def is_text(self) -> bool:
        """Whether the runs are models of text that goes on."""
        return "bits_per_character" in self.runs[0].scores

    def mean(self, name: str) -> float | None:
        """The mean of a figure over the runs; None if it is not known of one of them."""
        values = [getattr(run, name) for run in self.runs]
        return None if None in values else statistics.fmean(values)

    def score(self, name: str) -> str:
        """'2.113', or of several runs with the sample standard deviation: '2.113 ± 0.012'."""
        if name not in self.runs[0].scores:
            return ""
        values = [run.scores[name] for run in self.runs]
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
        _print_tables(out, rows)
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
        for name in row.runs[0].scores:
            values = [run.scores[name] for run in row.runs]
            group[name] = statistics.fmean(values)
            group[f"{name}_deviation"] = statistics.stdev(values)
        records.append(group)
    return records


def _print_tables(out: Console, rows: Sequence[_Row]) -> None:
    """A table of the texts, and one of each other task."""
    style = styles([row.title for row in rows])
    kinds: dict[str, list[_Row]] = {}
    for row in rows:
        kinds.setdefault("text" if row.is_text else next(iter(row.runs[0].scores)), []).append(row)
    for number, some in enumerate(kinds.values()):
        if number:
            out.print()
        _print_table(out, some, style)


def _print_table(out: Console, rows: Sequence[_Row], style: Mapping[str, tuple[str, str]]) -> None:
    """The table; what was scored stands above it, or above the rows of each part of a corpus."""
    units = {run.curves.unit for row in rows for run in row.runs}
    main, others = next(iter(rows[0].runs[0].scores)), _other_scores(rows)
    if rows[0].is_text and units != {"character"}:
        main = "bits_per_byte"  # which compares across tokenizers
    several = len({row.part for row in rows}) > 1
    where = "" if several else f" on the {rows[0].part}"
    carried = ", state carried" if rows[0].is_text else ""
    out.print(Text(f"Bits per {main.removeprefix('bits_per_')}{where}{carried}", "dim"))
    cells: list[list[str | Text]] = []
    for number, row in enumerate(rows):
        if several and (number == 0 or row.part != rows[number - 1].part):
            cells.append(["", Text(row.part, "dim"), *[""] * (6 + len(others))])
        colour, mark = style[row.title]
        name = Text(escaped(row.title), colour)
        bits = Text(row.score(main), "bold")
        cells.append([Text(mark, colour), name, *row.figures(), bits, *map(row.score, others)])
    speed = "tokens/s" if len(units) > 1 else "bytes/s" if main == "bits_per_byte" else "chars/s"
    heads = ["", "run", "network", "parameters", "steps", "time", speed, "bits"]
    heads += map(score_name, others)
    columns = [
        Column(head, values, left=n < 3, drop=n if 1 < n < 7 else 0, wraps=n == 1)
        for n, (head, values) in enumerate(zip(heads, zip(*cells, strict=True), strict=True))
    ]
    out.print(fitted(columns, out.width))


def _other_scores(rows: Sequence[_Row]) -> list[str]:
    """What is shown beside bits."""
    names = dict.fromkeys(name for row in rows for name in row.runs[0].scores)
    return [name for name in names if not name.startswith("bits_per_")]
