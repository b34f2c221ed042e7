"""Runs side by side: a table of each kind of score, and their learning curves."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from charrnn.display.charts import X_AXES, Chart, Line, X, chart_of_lines, chart_of_run, marked_line
from charrnn.display.reports import Report
from charrnn.display.stdout import on_one_line
from charrnn.display.wording import clock, score_name, score_value
from charrnn.events import Curves, Unit
from charrnn.tables import Cell, Figure, Key, Styled, Table

if TYPE_CHECKING:
    from charrnn.extras.comparing.comparison import Group  # which loads torch


@dataclass(frozen=True)
class RunCurves:
    """The curves of a run that was trained on a corpus. Runs of a group have the group's name."""

    run: str
    corpus: str
    curves: Curves


def styles(names: Sequence[str]) -> dict[str, Line]:
    """A line without points for each name, whose style is the same in a table and in all charts."""
    return {
        name: marked_line(number, on_one_line(name))
        for number, name in enumerate(dict.fromkeys(names))
    }


def divided(runs: Sequence[RunCurves], together: bool) -> list[list[RunCurves]]:
    """Runs that share their axes: those on one corpus, or all if `together`.

    Bits per character and bits per byte never share an axis.
    """
    groups: dict[tuple[str, Unit], list[RunCurves]] = {}
    for run in runs:
        key = ("" if together else run.corpus, run.curves.unit)
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def corpora(runs: Sequence[RunCurves]) -> str:
    """The names of their corpora."""
    return ", ".join(dict.fromkeys(on_one_line(run.corpus) for run in runs))


def compares_validation(runs: Sequence[RunCurves]) -> bool:
    """Whether each has a validation curve, and one of them more than a few points of it."""
    counts = [len(run.curves.validation) for run in runs]
    return min(counts) > 1 and max(counts) > 3


def charts(runs: Sequence[RunCurves], x: X, together: bool, *, both: bool = False) -> list[Chart]:
    """A chart for each corpus. A run alone shows training and validation.

    Of several one is shown, which all have, or, where there is room for it, `both`.
    """
    style = styles([run.run for run in runs])
    return [
        _chart_of_runs(group, x, style, both)
        if len(group) > 1
        else chart_of_run(group[0].run, group[0].corpus, group[0].curves, x)
        for group in divided(runs, together)
    ]


def _chart_of_runs(runs: Sequence[RunCurves], x: X, style: Mapping[str, Line], both: bool) -> Chart:
    name = "validation" if compares_validation(runs) else "training"
    shown = ("validation", "training") if both else (name,)
    lines = [
        replace(
            style[run.run],
            points=[(X_AXES[x].value(point), point.bits) for point in getattr(run.curves, name)],
            thin=name == "training" and len(shown) > 1 and bool(run.curves.validation),
        )
        for run in runs for name in shown if getattr(run.curves, name)
    ]  # fmt: skip
    title = f"{corpora(runs)}: {' (thick), '.join(shown)}" + both * " (thin)"
    return chart_of_lines(title, lines, x, runs[0].curves.unit)


def pictured(runs: Sequence[RunCurves], x: X, together: bool) -> list[Chart]:
    """What a picture shows: a chart for each corpus, or an empty one."""
    empty = chart_of_lines("no learning curves", [], x, "character")
    return charts(runs, x, together, both=True) or [empty]


def curves_report(runs: Sequence[RunCurves], x: X = "time", together: bool = False) -> Report:
    """The learning curves: a chart for each corpus, or one if `together`."""
    records = ({"run": run.run, "corpus": run.corpus, **run.curves.record()} for run in runs)
    return Report(records, (), charts(runs, x, together))


def _score(group: "Group", name: str) -> Figure:
    """'2.113', or of several runs with the sample standard deviation: '2.113 ± 0.012'."""
    if name not in group.runs[0].scores:
        return Figure("")
    values = [run.scores[name] for run in group.runs]
    spread = f" ± {score_value(name, statistics.stdev(values))}" if len(values) > 1 else ""
    return Figure(f"{score_value(name, statistics.fmean(values))}{spread}")


def _figures(group: "Group") -> list[Cell]:
    """Network, parameters, steps, time and tokens a second; None where unknown."""
    first = group.runs[0]
    steps, seconds, speed = map(group.mean, ("steps", "seconds", "tokens_per_second"))
    return [
        first.network,
        first.parameters,
        None if steps is None else round(steps),
        None if seconds is None else Figure(clock(seconds)),
        None if speed is None else round(speed),
    ]


def curves_of(groups: "Sequence[Group]") -> list[RunCurves]:
    """The learning curves of all runs that have some, under the titles of their groups."""
    return [
        RunCurves(row.title, run.text, run.curves)
        for row in groups for run in row.runs if run.curves.training
    ]  # fmt: skip


def comparison_report(
    groups: "Sequence[Group]", *, curves: bool = False, x: X = "time", together: bool = False
) -> Report:
    """Groups of runs that differ in their seed alone, a row each, in the order given.

    Each has the colour and mark of its curve in the charts below. As JSON each run is an object,
    with its learning curves only if `curves`; then come the groups.
    """
    drawn = charts(curves_of(groups), x, together)
    return Report(_records(groups, curves), _tables(groups), drawn)


def _records(rows: "Sequence[Group]", curves: bool) -> Iterator[dict[str, Any]]:
    for run in (run for row in rows for run in row.runs):
        yield run.record() | (run.curves.record() if curves else {})
    for row in (row for row in rows if len(row.runs) > 1):
        names = [run.run for run in row.runs]
        group: dict[str, Any] = {"kind": "group", "group": row.name, "runs": names}
        for name in row.runs[0].scores:
            values = [run.scores[name] for run in row.runs]
            group[name] = statistics.fmean(values)
            group[f"{name}_deviation"] = statistics.stdev(values)
        yield group


def _tables(rows: "Sequence[Group]") -> list[Table]:
    """A table of the texts, and one of each other task."""
    style = styles([row.title for row in rows])
    kinds: dict[str, list[Group]] = {}
    for row in rows:
        kinds.setdefault("text" if row.is_text else next(iter(row.runs[0].scores)), []).append(row)
    return [_table(rows_of_kind, style) for rows_of_kind in kinds.values()]


def _table(rows: "Sequence[Group]", style: Mapping[str, Line]) -> Table:
    """The table; the scored part stands above it, or above the rows of each part."""
    units = {run.curves.unit for row in rows for run in row.runs}
    bits = next(name for name in rows[0].runs[0].scores if name.startswith("bits_per_"))
    if rows[0].is_text and units != {"character"}:
        bits = "bits_per_byte"  # which compares across tokenizers
    speed = "tokens/s" if len(units) > 1 else "bytes/s" if bits == "bits_per_byte" else "chars/s"
    heads = ["", "run", "network", "parameters", "steps", "time", speed]
    main, *others = [*_other_scores(rows), bits]
    heads += ["bits" if name == bits else score_name(name) for name in (main, *others)]
    several = len({row.part for row in rows}) > 1
    cells: list[list[Cell]] = []
    part = None
    for row in rows:
        if several and row.part != part:
            part = row.part
            cells.append([None, Styled(part, "dim"), *[None] * (len(heads) - 2)])
        mark, colour = style[row.title].mark, style[row.title].colour
        scores: list[Cell] = [Styled(_score(row, main), "bold"), *(_score(row, n) for n in others)]
        cells.append([Key(mark, colour), Styled(row.title, colour), *_figures(row), *scores])
    where = "" if several else f" on the {rows[0].part}"
    note = f"Bits per {bits.removeprefix('bits_per_')}{where}"
    return Table(heads, cells, notes=[note], optional=[*heads[6:1:-1], *heads[:7:-1]], wraps=1)


def _other_scores(rows: "Sequence[Group]") -> list[str]:
    """Names of the scores beside bits."""
    names = dict.fromkeys(name for row in rows for name in row.runs[0].scores)
    return [name for name in names if not name.startswith("bits_per_")]
